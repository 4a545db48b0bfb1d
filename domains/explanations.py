"""What a look-up of the record means: whether it proves the claim, and in words what to do next."""

from django.conf import settings

from domains.models import Domain
from domains.probes import Outcome, TxtAnswer

PATIENCE = "A change may need up to 72 hours to be seen."


def proves(domain: Domain, answer: TxtAnswer) -> bool:
    return domain.record_value.encode() in answer.texts


def explain(domain: Domain, answer: TxtAnswer) -> str:
    """One plain sentence or two on what a look-up found and what to do next."""
    name = domain.record_name
    if answer.outcome is not Outcome.FOUND:
        return _EXPLANATIONS[answer.outcome].format(name=name)
    if proves(domain, answer):
        return f"The record stands at {name}."
    token = domain.token.encode()
    if any(text.strip(b" \"'") == token for text in answer.texts):
        return (
            f"The value at {name} lacks its beginning, {settings.DOMAIN_TXT_PREFIX}. "
            "Copy the whole value."
        )
    if any(token in text for text in answer.texts):
        return (
            f"The record at {name} holds the value among other characters, such as quotation "
            "marks or spaces. The record's whole text must be the value."
        )
    return (
        f"There is a TXT record at {name}, but with another value. Replace it with the value "
        f"shown here, or add a second TXT record. {PATIENCE}"
    )


_EXPLANATIONS = {
    Outcome.NO_NAME: (
        f"There is no record named {{name}} yet. Add it at your DNS host. {PATIENCE}"
    ),
    Outcome.NO_RECORD: (
        "The name {name} exists but has no TXT record. Add one with the value shown here."
    ),
    Outcome.ALIAS: (
        "The name {name} is an alias (CNAME) of another name. "
        "Remove the alias; the TXT record must stand at this name itself."
    ),
    Outcome.TIMED_OUT: (
        "The name servers of this domain did not answer in time. "
        "Nothing has changed; try again in a few minutes."
    ),
    Outcome.REFUSED: (
        "The name servers refused to answer for this domain. Nothing has changed; "
        "ask your DNS host whether they serve the domain."
    ),
    Outcome.SERVER_FAILED: (
        "The name servers of this domain answered with an error. Nothing has changed; "
        "try again later, or ask your DNS host whether the zone is in order."
    ),
    Outcome.UNREADABLE: (
        "The name servers of this domain sent an answer that cannot be read. Nothing has changed; "
        "ask your DNS host whether the zone is in order."
    ),
}
