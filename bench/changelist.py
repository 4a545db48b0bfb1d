"""The baseline of lists: Django admin's changelist on the same table, tuned as far as it goes."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from adminctr.core.tenancy import every_tenant
from organizations.models import Membership, Organization

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Membership]
else:  # Django's own class takes no type arguments when it runs
    ModelAdmin = admin.ModelAdmin


class OpenSite(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return True


site = OpenSite(name="bench")


@admin.register(Membership, site=site)
class MembershipAdmin(ModelAdmin):
    """Our columns in an indexed order, no second count, a search on the lower-case column."""

    list_display = ("person", "email", "role", "status", "last_sign_in_at")
    list_filter = ("role", "source")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("name_key", "id")
    search_fields = ("name_key__contains",)
    show_full_result_count = False

    @admin.display(description="Name", ordering="name_key")
    def person(self, row: Membership) -> str:
        return row.user.get_full_name()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        with every_tenant():
            largest = Organization.objects.order_by("pk").values("pk")[:1]
            return Membership.objects.open().filter(organization_id=largest)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission
