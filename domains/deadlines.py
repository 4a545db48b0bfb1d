"""The day on which an uncertain domain will be lost, as a file for people's calendars."""

from datetime import timedelta

from django.conf import settings
from icalendar import Alarm, Calendar, Event

from adminctr.core import clock, mail
from adminctr.core.addresses import readable_domain
from domains.models import Domain

FILE_NAME = "domain-deadline.ics"
CONTENT_TYPE = "text/calendar; charset=utf-8"

_WARNING_BEFORE = timedelta(days=3)


def calendar_file(domain: Domain) -> bytes:
    """The deadline by RFC 5545; a newer file for the same domain replaces the event."""
    name, product_name = readable_domain(domain.name), settings.PRODUCT_NAME
    link = mail.link(domain.get_absolute_url())
    event = Event()
    event.add("uid", f"{domain.sid}@{product_name.replace(' ', '-').lower()}")
    event.add("dtstamp", clock.now())
    event.add("dtstart", domain.lost_on)
    event.add("duration", timedelta(hours=1))
    event.add("summary", f"{name} will be lost, with its people")
    event.add("description", f"Publish its verification record again before this time: {link}")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"The verification record of {name} is still missing")
    alarm.add("trigger", -_WARNING_BEFORE)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", f"-//{product_name}//Domains//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
