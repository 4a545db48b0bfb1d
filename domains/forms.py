from django import forms

from adminctr.core.addresses import DOMAIN_LENGTH
from adminctr.web.forms import Form, LineField


class AddDomainForm(Form):
    name = LineField(
        label="Domain name",
        max_length=DOMAIN_LENGTH,
        help_text="The part after the @ in your company's addresses, such as example.com. "
        "Sub-domains are separate: example.com does not include mail.example.com.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
