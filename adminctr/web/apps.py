from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class WebConfig(AppConfig):
    name = "adminctr.web"

    def ready(self) -> None:
        from django.urls import register_converter

        import adminctr.web.checks  # noqa: F401
        from adminctr.core import search_indexes
        from adminctr.core.sids import SidConverter
        from adminctr.core.tokens import TokenConverter

        register_converter(SidConverter, "sid")
        register_converter(TokenConverter, "link_token")
        # The signal is sent for apps that have models; this one has none, so another's is taken.
        sender = apps.get_app_config("queue")
        post_migrate.connect(
            search_indexes.install_after_migrate, sender=sender, dispatch_uid="web_search_indexes"
        )
        post_migrate.connect(_create_cache_table, sender=sender, dispatch_uid="web_cache_table")


def _create_cache_table(using: str, **_: object) -> None:
    """Where Redis counts too, so that the database can take over by CACHE_URL alone."""
    call_command("createcachetable", database=using, verbosity=0)
    call_command("createcachetable", "cache", database=using, verbosity=0)
