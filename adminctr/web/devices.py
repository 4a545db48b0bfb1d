"""What a browser says about itself, in words that its user knows."""

from ua_parser import parse


def device_of(user_agent: str) -> str:
    """Such as "Firefox on Windows"; what is not known is not guessed."""
    known = parse(user_agent)
    browser = known.user_agent.family if known.user_agent else ""
    system = known.os.family if known.os else ""
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
