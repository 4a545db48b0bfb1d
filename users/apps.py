from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bulk.selections import Filter, Found


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        from bulk import selections
        from users import sign_in

        sign_in.connect()
        selections.use_list("users", _listed)


def _listed(asked: "Filter", most: int) -> "Found":
    """What the list of managed users shows."""
    from adminctr.web.selected import selected_by
    from bulk.selections import Found
    from organizations.models import Membership
    from users.views.managed import UserListPage

    stays = Membership.objects.managed().select_related("user")
    found = selected_by(UserListPage, stays, asked.query, most)
    return Found(tuple(one.user.sid for one in found.rows), found.is_cut)
