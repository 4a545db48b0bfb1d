from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from adminctr.core import operations
        from audit import log, triggers

        operations.use_journal(log)
        post_migrate.connect(
            triggers.install_after_migrate, sender=self, dispatch_uid="audit_triggers"
        )
