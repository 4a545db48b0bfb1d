"""What the forms of the commonly used DNS hosts call things, so that nobody has to guess."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DnsHost:
    """`adds_domain` says that the host completes the name, so that the label alone is typed."""

    name: str
    where: str
    name_field: str
    value_field: str
    adds_domain: bool = True
    note: str = ""


DNS_HOSTS = (
    DnsHost("Amazon Route 53", "Hosted zones, the domain, Create record", "Record name", "Value",
            note="Put the value in quotation marks; they do not become part of it."),
    DnsHost("Azure DNS", "DNS zones, the domain, Record sets, Add", "Name", "Value"),
    DnsHost("Cloudflare", "The domain, DNS, Records, Add record", "Name", "Content"),
    DnsHost("DigitalOcean", "Networking, Domains, the domain, TXT", "Hostname", "Value"),
    DnsHost("Gandi", "Domain, the domain, DNS Records, Add", "Name", "Text value"),
    DnsHost("GoDaddy", "My Products, the domain, DNS, Add New Record", "Name", "Value"),
    DnsHost("Google Cloud DNS", "Cloud DNS, the zone, Add standard", "DNS name", "TXT data 1"),
    DnsHost("Hetzner", "DNS, the domain, Add record", "Name", "Value"),
    DnsHost("IONOS", "Domains & SSL, the domain, DNS, Add record", "Host name", "Value"),
    DnsHost("Namecheap", "Domain List, Manage, Advanced DNS, Add New Record", "Host", "Value"),
    DnsHost("OVHcloud", "Domain names, the domain, DNS zone, Add an entry", "Sub-domain", "Value"),
    DnsHost("Squarespace", "Domains, the domain, DNS, Add record", "Host", "Data"),
)  # fmt: skip
