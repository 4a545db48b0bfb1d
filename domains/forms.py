from django import forms
from django.http import QueryDict

from adminctr.core.addresses import DOMAIN_LENGTH
from adminctr.web.forms import Form, LineField
from domains.models import Domain, Method

# "I am not sure" is no way to prove a domain: it leads to what somebody else needs to do so.
ASK = "ask"
WAYS = [
    (Method.DNS.value, "DNS: I can add a TXT record"),
    (Method.HTTPS.value, "HTTPS: I can put a file on the website"),
    (ASK, "I am not sure: write an email for our IT department"),
]


class AddDomainForm(Form):
    name = LineField(
        label="Domain name",
        max_length=DOMAIN_LENGTH,
        help_text="The part after the @ in your company's addresses, such as example.com. "
        "Sub-domains are separate: example.com does not include mail.example.com.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    way = forms.ChoiceField(
        label="How will you prove that it is yours?",
        help_text="You can change your mind later.",
        choices=WAYS,
        required=False,
        initial=Method.DNS.value,
        widget=forms.RadioSelect,
    )


def method_asked(data: QueryDict, domain: Domain) -> Method:
    """What a Check button sends along; anything else counts as the way the domain has."""
    asked = data.get("method")
    return Method(asked) if asked in Method.values else Method(domain.method)
