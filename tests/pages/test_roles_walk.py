"""Who gets which answer from which address; an address without a line here fails.

Ida and Eve are Owners elsewhere and come without any right on Acme, whose objects the addresses
name. A list is their own organization's; the tenancy walk sees to it that it is no other's. The
account is Ana's, who alone among them has a role on it: at the door of the console it is there for
nobody else, not even for Ben, who governs it in the Admin Center (tests/console/test_doors.py has
the other roles).
"""

from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction

from tests.pages.addresses import path_to, routes
from tests.pages.effects import browser

MATRIX = """
address                                     anon   cy  ben  ana  eve  ida
healthz                               GET   200  200  200  200  200  200
healthz                               POST  405  405  405  405  405  405
readyz                                GET   503  503  503  503  503  503
readyz                                POST  405  405  405  405  405  405
metrics                               GET   404  404  404  404  404  404
metrics                               POST  405  405  405  405  405  405
account_login                         GET   200  302  302  302  302  302
account_login                         POST  200  302  302  302  302  302
account_logout                        GET   302  200  200  200  200  200
account_logout                        POST  302  302  302  302  302  302
account_inactive                      GET   200  200  200  200  200  200
account_inactive                      POST  405  405  405  405  405  405
account_reset_password                GET   200  200  200  200  200  200
account_reset_password                POST  200  200  200  200  200  200
account_reset_password_done           GET   200  200  200  200  200  200
account_reset_password_done           POST  405  405  405  405  405  405
account_reset_password_from_key       GET   200  200  200  200  200  200
account_reset_password_from_key       POST  200  200  200  200  200  200
account_reset_password_from_key_done  GET   200  200  200  200  200  200
account_reset_password_from_key_done  POST  405  405  405  405  405  405
console:root                          GET   302  302  302  302  302  302
console:root                          POST  302  302  302  302  302  302
console:home                          GET   302  200  200  200  200  200
console:home                          POST  302  405  405  405  405  405
profile:show                          GET   302  200  200  200  200  200
profile:show                          POST  302  405  405  405  405  405
profile:name                          GET   302  200  200  200  200  200
profile:name                          POST  302  200  200  200  200  200
profile:email                         GET   302  200  200  200  200  200
profile:email                         POST  302  200  200  200  200  200
profile:email-cancel                  GET   302  303  303  303  303  303
profile:email-cancel                  POST  302  303  303  303  303  303
profile:email-confirm                 GET   302  410  410  200  410  410
profile:email-confirm                 POST  302  410  410  303  410  410
profile:password                      GET   302  200  200  200  200  200
profile:password                      POST  302  200  200  200  200  200
profile:preferences                   GET   302  200  200  200  200  200
profile:preferences                   POST  302  200  200  200  200  200
profile:idle                          GET   302  303  303  303  303  303
profile:idle                          POST  405  405  405  405  405  405
profile:idle-left                     GET   302  200  200  200  200  200
profile:idle-left                     POST  302  405  405  405  405  405
profile:stay                          GET   302  303  303  303  303  303
profile:stay                          POST  302  303  303  303  303  303
profile:sessions                      GET   302  200  200  200  200  200
profile:sessions                      POST  302  405  405  405  405  405
profile:sessions-end                  GET   302  303  303  303  303  303
profile:sessions-end                  POST  302  303  303  303  303  303
profile:session-end                   GET   302  404  404  303  404  404
profile:session-end                   POST  302  404  404  303  404  404
profile:browsers                      GET   302  200  200  200  200  200
profile:browsers                      POST  302  405  405  405  405  405
profile:browsers-forget               GET   302  303  303  303  303  303
profile:browsers-forget               POST  302  303  303  303  303  303
profile:browser-forget                GET   302  404  404  303  404  404
profile:browser-forget                POST  302  404  404  303  404  404
users:second-factor                   GET   303  303  303  303  303  303
users:second-factor                   POST  303  405  405  405  405  405
users:second-factor-app               GET   303  303  303  200  303  303
users:second-factor-app               POST  303  303  303  200  303  303
users:second-factor-passkey           GET   303  303  303  200  303  303
users:second-factor-passkey           POST  303  303  303  200  303  303
users:second-factor-phone             GET   303  303  303  404  303  303
users:second-factor-phone             POST  303  303  303  404  303  303
users:second-factor-recovery          GET   303  303  303  404  303  303
users:second-factor-recovery          POST  303  303  303  404  303  303
users:second-factor-phone-send        GET   303  303  303  303  303  303
users:second-factor-phone-send        POST  303  303  303  303  303  303
users:second-factor-cancel            GET   303  303  303  303  303  303
users:second-factor-cancel            POST  303  303  303  303  303  303
users:second-factor-set-up            GET   303  200  200  200  200  200
users:second-factor-set-up            POST  303  405  405  405  405  405
users:second-factor-set-up-app        GET   303  200  200  303  200  200
users:second-factor-set-up-app        POST  303  200  200  303  200  200
users:second-factor-set-up-passkey    GET   303  200  200  200  200  200
users:second-factor-set-up-passkey    POST  303  200  200  200  200  200
profile:second-factors                GET   302  200  200  200  200  200
profile:second-factors                POST  302  405  405  405  405  405
profile:second-factor-remove          GET   302  404  404  200  404  404
profile:second-factor-remove          POST  302  404  404  200  404  404
profile:passkey-rename                GET   302  404  404  200  404  404
profile:passkey-rename                POST  302  404  404  200  404  404
profile:recovery-codes                GET   302  200  200  200  200  200
profile:recovery-codes                POST  302  200  200  200  200  200
profile:recovery-codes-new            GET   302  303  303  303  303  303
profile:recovery-codes-new            POST  302  405  405  405  405  405
users:second-factor-set-up-phone      GET   303  200  200  200  200  200
users:second-factor-set-up-phone      POST  303  200  200  200  200  200
users:second-factor-set-up-phone-code GET   303  303  303  303  303  303
users:second-factor-set-up-phone-code POST  303  303  303  303  303  303
users:second-factor-set-up-phone-again GET  303  303  303  303  303  303
users:second-factor-set-up-phone-again POST 303  303  303  303  303  303
users:require-of-all                  GET   302  403  200  200  200  200
users:require-of-all                  POST  302  403  405  405  405  405
users:require-of-all-level            GET   302  403  200  200  200  200
users:require-of-all-level            POST  302  403  200  200  200  200
users:require-of-all-plan             GET   302  403  303  303  303  303
users:require-of-all-plan             POST  302  403  200  200  200  200
account:new                           GET   302  200  200  200  200  200
account:new                           POST  302  405  405  405  405  405
account:new-review                    GET   302  200  200  200  200  200
account:new-review                    POST  302  200  200  200  200  200
account:detail                        GET   302  404  404  200  404  404
account:detail                        POST  302  404  404  200  404  404
account:change-owner                  GET   302  404  404  200  404  404
account:change-owner                  POST  302  404  404  200  404  404
account:suspend                       GET   302  404  404  303  404  404
account:suspend                       POST  302  404  404  303  404  404
account:reactivate                    GET   302  404  404  303  404  404
account:reactivate                    POST  302  404  404  303  404  404
account:enable-hipaa                  GET   302  404  404  303  404  404
account:enable-hipaa                  POST  302  404  404  303  404  404
account:disable-hipaa                 GET   302  404  404  303  404  404
account:disable-hipaa                 POST  302  404  404  303  404  404
account:close                         GET   302  404  404  200  404  404
account:close                         POST  302  404  404  200  404  404
account:close-plan                    GET   302  404  404  303  404  404
account:close-plan                    POST  302  404  404  200  404  404
account:activity                      GET   302  404  404  200  404  404
account:activity                      POST  302  404  404  405  404  404
account:users                         GET   302  404  404  200  404  404
account:users                         POST  302  404  404  405  404  404
account:invite                        GET   302  404  404  200  404  404
account:invite                        POST  302  404  404  200  404  404
account:look-up                       GET   302  404  404  200  404  404
account:look-up                       POST  302  404  404  200  404  404
account:user                          GET   302  404  404  200  404  404
account:user                          POST  302  404  404  405  404  404
account:roles                         GET   302  404  404  200  404  404
account:roles                         POST  302  404  404  200  404  404
account:remove-access                 GET   302  404  404  303  404  404
account:remove-access                 POST  302  404  404  303  404  404
account:pending-users                 GET   302  404  404  200  404  404
account:pending-users                 POST  302  404  404  405  404  404
account:invited                       GET   302  404  404  200  404  404
account:invited                       POST  302  404  404  405  404  404
account:invited-resend                GET   302  404  404  303  404  404
account:invited-resend                POST  302  404  404  303  404  404
account:invited-revoke                GET   302  404  404  303  404  404
account:invited-revoke                POST  302  404  404  303  404  404
account:subaccounts                   GET   302  404  404  200  404  404
account:subaccounts                   POST  302  404  404  405  404  404
account:new-subaccount                GET   302  404  404  200  404  404
account:new-subaccount                POST  302  404  404  200  404  404
organizations:overview                GET   302  403  200  200  200  200
organizations:overview                POST  302  403  405  405  405  405
organizations:hide-checklist          GET   302  403  303  303  303  303
organizations:hide-checklist          POST  302  403  303  303  303  303
organizations:settings                GET   302  403  200  200  200  200
organizations:settings                POST  302  403  200  200  200  200
organizations:ownership               GET   302  403  403  200  200  200
organizations:ownership               POST  302  403  403  200  200  200
accounts:list                         GET   302  403  200  200  200  200
accounts:list                         POST  302  403  405  405  405  405
accounts:export                       GET   302  403  303  303  303  303
accounts:export                       POST  302  403  200  200  200  200
accounts:detail                       GET   302  403  200  200  404  404
accounts:detail                       POST  302  403  200  200  404  404
accounts:access                       GET   302  403  200  200  200  200
accounts:access                       POST  302  403  405  405  405  405
accounts:access-export                GET   302  403  303  303  303  303
accounts:access-export                POST  302  403  200  200  200  200
accounts:new                          GET   302  403  200  200  200  200
accounts:new                          POST  302  403  405  405  405  405
accounts:new-review                   GET   302  403  200  200  200  200
accounts:new-review                   POST  302  403  200  200  200  200
accounts:add                          GET   302  403  200  200  200  200
accounts:add                          POST  302  403  200  200  200  200
accounts:independent                  GET   302  403  200  200  200  200
accounts:independent                  POST  302  403  405  405  405  405
accounts:independent-export           GET   302  403  303  303  303  303
accounts:independent-export           POST  302  403  200  200  200  200
accounts:independent-detail           GET   302  403  200  200  404  404
accounts:independent-detail           POST  302  403  405  405  405  405
accounts:relinquish                   GET   302  403  200  200  404  404
accounts:relinquish                   POST  302  403  303  303  404  404
accounts:pending                      GET   302  403  200  200  200  200
accounts:pending                      POST  302  403  405  405  405  405
accounts:pending-export               GET   302  403  303  303  303  303
accounts:pending-export               POST  302  403  200  200  200  200
accounts:pending-detail               GET   302  403  200  200  404  404
accounts:pending-detail               POST  302  403  405  405  405  405
accounts:pending-resend               GET   302  403  303  303  404  404
accounts:pending-resend               POST  302  403  303  303  404  404
accounts:pending-cancel               GET   302  403  303  303  404  404
accounts:pending-cancel               POST  302  403  303  303  404  404
accounts:change-owner                 GET   302  403  200  200  404  404
accounts:change-owner                 POST  302  403  200  200  404  404
accounts:suspend                      GET   302  403  303  303  404  404
accounts:suspend                      POST  302  403  303  303  404  404
accounts:reactivate                   GET   302  403  303  303  404  404
accounts:reactivate                   POST  302  403  303  303  404  404
accounts:enable-hipaa                 GET   302  403  303  303  404  404
accounts:enable-hipaa                 POST  302  403  303  303  404  404
accounts:disable-hipaa                GET   302  403  303  303  404  404
accounts:disable-hipaa                POST  302  403  303  303  404  404
accounts:close                        GET   302  403  200  200  404  404
accounts:close                        POST  302  403  200  200  404  404
accounts:close-plan                   GET   302  403  303  303  404  404
accounts:close-plan                   POST  302  403  200  200  404  404
accounts:activity                     GET   302  403  200  200  404  404
accounts:activity                     POST  302  403  405  405  404  404
accounts:users                        GET   302  403  200  200  404  404
accounts:users                        POST  302  403  405  405  404  404
accounts:invite                       GET   302  403  200  200  404  404
accounts:invite                       POST  302  403  200  200  404  404
accounts:look-up                      GET   302  403  200  200  404  404
accounts:look-up                      POST  302  403  200  200  404  404
accounts:user                         GET   302  403  200  200  404  404
accounts:user                         POST  302  403  405  405  404  404
accounts:roles                        GET   302  403  200  200  404  404
accounts:roles                        POST  302  403  200  200  404  404
accounts:remove-access                GET   302  403  303  303  404  404
accounts:remove-access                POST  302  403  303  303  404  404
accounts:pending-users                GET   302  403  200  200  404  404
accounts:pending-users                POST  302  403  405  405  404  404
accounts:invited                      GET   302  403  200  200  404  404
accounts:invited                      POST  302  403  405  405  404  404
accounts:invited-resend               GET   302  403  303  303  404  404
accounts:invited-resend               POST  302  403  303  303  404  404
accounts:invited-revoke               GET   302  403  303  303  404  404
accounts:invited-revoke               POST  302  403  303  303  404  404
accounts:subaccounts                  GET   302  403  200  200  404  404
accounts:subaccounts                  POST  302  403  405  405  404  404
accounts:new-subaccount               GET   302  403  200  200  404  404
accounts:new-subaccount               POST  302  403  200  200  404  404
imports:list                          GET   302  403  200  200  404  404
imports:list                          POST  302  403  405  405  404  404
imports:new                           GET   302  403  200  200  404  404
imports:new                           POST  302  403  405  405  404  404
imports:new-way                       GET   302  403  200  200  404  404
imports:new-way                       POST  302  403  200  200  404  404
imports:new-review                    GET   302  403  200  200  404  404
imports:new-review                    POST  302  403  200  200  404  404
imports:new-all                       GET   302  403  200  200  404  404
imports:new-all                       POST  302  403  200  200  404  404
imports:new-upload                    GET   302  403  200  200  404  404
imports:new-upload                    POST  302  403  200  200  404  404
imports:list-review                   GET   302  403  200  200  404  404
imports:list-review                   POST  302  403  200  200  404  404
imports:list-download                 GET   302  403  303  303  404  404
imports:list-download                 POST  302  403  200  200  404  404
imports:list-discard                  GET   302  403  303  303  404  404
imports:list-discard                  POST  302  403  303  303  404  404
imports:list-notice                   GET   302  403  200  200  404  404
imports:list-notice                   POST  302  403  200  200  404  404
imports:list-start                    GET   302  403  200  200  404  404
imports:list-start                    POST  302  403  200  200  404  404
imports:list-start-plan               GET   302  403  303  303  404  404
imports:list-start-plan               POST  302  403  200  200  404  404
imports:run                           GET   302  403  200  200  404  404
imports:run                           POST  302  403  405  405  404  404
imports:run-export                    GET   302  403  303  303  404  404
imports:run-export                    POST  302  403  200  200  404  404
bulk:choose                           GET   302  403  303  303  303  303
bulk:choose                           POST  302  403  303  303  303  303
bulk:suspend                          GET   302  403  200  200  200  200
bulk:suspend                          POST  302  403  200  200  200  200
bulk:suspend-export                   GET   302  403  303  303  303  303
bulk:suspend-export                   POST  302  403  200  200  200  200
bulk:reactivate                       GET   302  403  200  200  200  200
bulk:reactivate                       POST  302  403  200  200  200  200
bulk:reactivate-export                GET   302  403  303  303  303  303
bulk:reactivate-export                POST  302  403  200  200  200  200
bulk:change-owner                     GET   302  403  200  200  200  200
bulk:change-owner                     POST  302  403  200  200  200  200
bulk:change-owner-export              GET   302  403  303  303  303  303
bulk:change-owner-export              POST  302  403  200  200  200  200
bulk:enable-hipaa                     GET   302  403  200  200  200  200
bulk:enable-hipaa                     POST  302  403  200  200  200  200
bulk:enable-hipaa-export              GET   302  403  303  303  303  303
bulk:enable-hipaa-export              POST  302  403  200  200  200  200
bulk:disable-hipaa                    GET   302  403  200  200  200  200
bulk:disable-hipaa                    POST  302  403  200  200  200  200
bulk:disable-hipaa-export             GET   302  403  303  303  303  303
bulk:disable-hipaa-export             POST  302  403  200  200  200  200
bulk:runs                             GET   302  403  200  200  200  200
bulk:runs                             POST  302  403  405  405  405  405
bulk:run                              GET   302  403  200  200  404  404
bulk:run                              POST  302  403  405  405  405  405
bulk:run-export                       GET   302  403  303  303  404  404
bulk:run-export                       POST  302  403  200  200  404  404
accounts:my-access                    GET   302  403  200  200  404  404
accounts:my-access                    POST  302  403  405  405  404  404
account:my-access                     GET   302  404  404  200  404  404
account:my-access                     POST  302  404  404  405  404  404
users:save-view                       GET   302  403  200  200  200  200
users:save-view                       POST  302  403  200  200  200  200
users:imported-save-view              GET   302  403  200  200  200  200
users:imported-save-view              POST  302  403  200  200  200  200
users:independent-save-view           GET   302  403  200  200  200  200
users:independent-save-view           POST  302  403  200  200  200  200
users:pending-save-view               GET   302  403  200  200  200  200
users:pending-save-view               POST  302  403  200  200  200  200
users:imported                        GET   302  403  200  200  200  200
users:imported                        POST  302  403  405  405  405  405
users:imported-export                 GET   302  403  303  303  303  303
users:imported-export                 POST  302  403  200  200  200  200
users:sign-in                         GET   302  403  200  200  404  404
users:sign-in                         POST  302  403  405  405  405  405
users:access                          GET   302  403  200  200  404  404
users:access                          POST  302  403  405  405  405  405
users:activity                        GET   302  403  200  200  404  404
users:activity                        POST  302  403  405  405  405  405
users:activity-by                     GET   302  403  200  200  404  404
users:activity-by                     POST  302  403  405  405  405  405
users:access-give                     GET   302  403  200  200  404  404
users:access-give                     POST  302  403  200  200  404  404
users:access-end                      GET   302  403  303  303  404  404
users:access-end                      POST  302  403  303  303  404  404
users:leave                           GET   302  403  200  200  404  404
users:leave                           POST  302  403  200  200  404  404
users:leave-plan                      GET   302  403  303  303  404  404
users:leave-plan                      POST  302  403  200  200  404  404
users:leaving                         GET   302  403  200  200  200  200
users:leaving                         POST  302  403  405  405  405  405
users:offboarding                        GET   302  403  200  200  404  404
users:offboarding                        POST  302  403  405  405  405  405
users:offboarding-cancel                 GET   302  403  303  303  404  404
users:offboarding-cancel                 POST  302  403  303  303  404  404
users:offboarding-sheet                  GET   302  403  303  303  404  404
users:offboarding-sheet                  POST  302  403  200  200  404  404
users:rename                          GET   302  403  200  200  404  404
users:rename                          POST  302  403  200  200  404  404
users:reset-password                  GET   302  403  200  200  404  404
users:reset-password                  POST  302  403  200  200  404  404
users:reset-2fa                       GET   302  403  200  200  404  404
users:reset-2fa                       POST  302  403  200  200  404  404
users:require-2fa                     GET   302  403  200  200  404  404
users:require-2fa                     POST  302  403  200  200  404  404
users:deactivate                      GET   302  403  200  200  404  404
users:deactivate                      POST  302  403  200  200  404  404
users:reactivate                      GET   302  403  200  200  404  404
users:reactivate                      POST  302  403  200  200  404  404
users:end-sessions                    GET   302  403  200  200  404  404
users:end-sessions                    POST  302  403  200  200  404  404
organizations:view-forget             GET   302  403  303  303  404  404
organizations:view-forget             POST  302  403  303  303  404  404
bulk-users:choose                     GET   302  403  303  303  303  303
bulk-users:choose                     POST  302  403  303  303  303  303
bulk-users:change-role                GET   302  403  200  200  200  200
bulk-users:change-role                POST  302  403  200  200  200  200
bulk-users:change-role-export         GET   302  403  303  303  303  303
bulk-users:change-role-export         POST  302  403  200  200  200  200
bulk-users:require-2fa                GET   302  403  200  200  200  200
bulk-users:require-2fa                POST  302  403  200  200  200  200
bulk-users:require-2fa-export         GET   302  403  303  303  303  303
bulk-users:require-2fa-export         POST  302  403  200  200  200  200
bulk-users:reset-2fa                  GET   302  403  200  200  200  200
bulk-users:reset-2fa                  POST  302  403  200  200  200  200
bulk-users:reset-2fa-export           GET   302  403  303  303  303  303
bulk-users:reset-2fa-export           POST  302  403  200  200  200  200
bulk-users:end-sessions               GET   302  403  200  200  200  200
bulk-users:end-sessions               POST  302  403  200  200  200  200
bulk-users:end-sessions-export        GET   302  403  303  303  303  303
bulk-users:end-sessions-export        POST  302  403  200  200  200  200
bulk-users:deactivate                 GET   302  403  200  200  200  200
bulk-users:deactivate                 POST  302  403  200  200  200  200
bulk-users:deactivate-export          GET   302  403  303  303  303  303
bulk-users:deactivate-export          POST  302  403  200  200  200  200
bulk-users:reactivate-users           GET   302  403  200  200  200  200
bulk-users:reactivate-users           POST  302  403  200  200  200  200
bulk-users:reactivate-users-export    GET   302  403  303  303  303  303
bulk-users:reactivate-users-export    POST  302  403  200  200  200  200
bulk-users:remove                     GET   302  403  200  200  200  200
bulk-users:remove                     POST  302  403  200  200  200  200
bulk-users:remove-export              GET   302  403  303  303  303  303
bulk-users:remove-export              POST  302  403  200  200  200  200
bulk-users:runs                       GET   302  403  200  200  200  200
bulk-users:runs                       POST  302  403  405  405  405  405
bulk-users:run                        GET   302  403  200  200  404  404
bulk-users:run                        POST  302  403  405  405  405  405
bulk-users:run-export                 GET   302  403  303  303  404  404
bulk-users:run-export                 POST  302  403  200  200  404  404
users:sign-up                         GET   200  303  303  303  303  303
users:sign-up                         POST  200  303  303  303  303  303
users:sign-up-finish                  GET   200  200  200  200  200  200
users:sign-up-finish                  POST  200  200  200  200  200  200
users:list                            GET   302  403  200  200  200  200
users:list                            POST  302  403  405  405  405  405
users:export                          GET   302  403  303  303  303  303
users:export                          POST  302  403  200  200  200  200
users:pending                         GET   302  403  200  200  200  200
users:pending                         POST  302  403  405  405  405  405
users:pending-export                  GET   302  403  303  303  303  303
users:pending-export                  POST  302  403  200  200  200  200
users:pending-detail                  GET   302  403  200  200  404  404
users:pending-detail                  POST  302  403  405  405  405  405
users:pending-resend                  GET   302  403  303  303  404  404
users:pending-resend                  POST  302  403  303  303  404  404
users:pending-revoke                  GET   302  403  303  303  404  404
users:pending-revoke                  POST  302  403  303  303  404  404
users:invite                          GET   302  403  200  200  200  200
users:invite                          POST  302  403  200  200  200  200
users:detail                          GET   302  403  200  200  404  404
users:detail                          POST  302  403  405  405  405  405
users:change-role                     GET   302  403  200  200  404  404
users:change-role                     POST  302  403  200  200  404  404
users:domain-setting                  GET   302  403  200  200  200  200
users:domain-setting                  POST  302  403  200  200  200  200
users:domain-setting-plan             GET   302  403  303  303  303  303
users:domain-setting-plan             POST  302  403  200  200  200  200
users:what-if                         GET   302  403  200  200  200  200
users:what-if                         POST  302  403  405  405  405  405
users:expect                          GET   302  403  303  303  303  303
users:expect                          POST  302  403  303  303  303  303
users:expectation-forget              GET   302  403  303  303  404  404
users:expectation-forget              POST  302  403  303  303  404  404
users:independent                     GET   302  403  200  200  200  200
users:independent                     POST  302  403  405  405  405  405
users:independent-export              GET   302  403  303  303  303  303
users:independent-export              POST  302  403  200  200  200  200
users:independent-detail              GET   302  403  200  200  404  404
users:independent-detail              POST  302  403  405  405  405  405
users:independent-remove              GET   302  403  303  303  404  404
users:independent-remove              POST  302  403  303  303  404  404
users:departed                        GET   302  403  200  200  404  404
users:departed                        POST  302  403  405  405  405  405
users:bring-back                      GET   302  403  303  303  404  404
users:bring-back                      POST  302  403  303  303  404  404
domains:list                          GET   302  403  200  200  200  200
domains:list                          POST  302  403  405  405  405  405
domains:add                           GET   302  403  200  200  200  200
domains:add                           POST  302  403  200  200  200  200
domains:detail                        GET   302  403  200  200  404  404
domains:detail                        POST  302  403  405  405  405  405
domains:check                         GET   302  403  303  303  404  404
domains:check                         POST  302  403  303  303  404  404
domains:checks                        GET   302  403  200  200  404  404
domains:checks                        POST  302  403  405  405  405  405
domains:file                          GET   302  403  200  200  404  404
domains:file                          POST  302  403  405  405  405  405
domains:deadline                      GET   302  403  303  303  404  404
domains:deadline                      POST  302  403  405  405  405  405
domains:follow-setting                GET   302  403  200  200  404  404
domains:follow-setting                POST  302  403  200  200  404  404
domains:follow-setting-plan           GET   302  403  303  303  404  404
domains:follow-setting-plan           POST  302  403  200  200  404  404
domains:remove                        GET   302  403  200  200  404  404
domains:remove                        POST  302  403  200  200  404  404
domains:remove-plan                   GET   302  403  303  303  404  404
domains:remove-plan                   POST  302  403  200  200  404  404
domains:record                        GET   200  200  200  200  200  200
domains:record                        POST  200  200  200  200  200  200
audit:list                            GET   302  403  200  200  200  200
audit:list                            POST  302  403  405  405  405  405
invitations:show                      GET   200  200  200  200  200  200
invitations:show                      POST  200  200  200  200  200  200
invitations:many                      GET   302  403  200  200  200  200
invitations:many                      POST  302  403  200  200  200  200
invitations:many-template             GET   302  403  200  200  200  200
invitations:many-template             POST  302  403  405  405  405  405
invitations:batch                     GET   302  403  200  200  404  404
invitations:batch                     POST  302  403  405  405  405  405
invitations:batch-send                GET   302  403  200  200  404  404
invitations:batch-send                POST  302  403  200  200  404  404
invitations:batch-check               GET   302  403  303  303  404  404
invitations:batch-check               POST  302  403  303  303  404  404
invitations:batch-leave-out           GET   302  403  303  303  404  404
invitations:batch-leave-out           POST  302  403  303  303  404  404
invitations:batch-row                 GET   302  403  200  200  404  404
invitations:batch-row                 POST  302  403  200  200  404  404
invitations:batch-row-leave-out       GET   302  403  303  303  404  404
invitations:batch-row-leave-out       POST  302  403  303  303  404  404
invitations:batch-cancel              GET   302  403  200  200  404  404
invitations:batch-cancel              POST  302  403  303  303  404  404
invitations:batch-export              GET   302  403  303  303  404  404
invitations:batch-export              POST  302  403  200  200  404  404
invitations:decline                   GET   303  303  303  303  303  303
invitations:decline                   POST  200  200  200  200  200  200
shortcuts                             GET   302  200  200  200  200  200
shortcuts                             POST  302  405  405  405  405  405
gallery                               GET   200  200  200  200  200  200
gallery                               POST  405  405  405  405  405  405
staff:accounts_account_changelist              GET  302  404  404  404  404  404
staff:accounts_account_changelist              POST 302  404  404  404  404  404
staff:accounts_account_detail                  GET  302  404  404  404  404  404
staff:accounts_account_detail                  POST 302  404  404  404  404  404
staff:accounts_account_disable-hipaa           GET  302  404  404  404  404  404
staff:accounts_account_disable-hipaa           POST 302  404  404  404  404  404
staff:accounts_account_enable-hipaa            GET  302  404  404  404  404  404
staff:accounts_account_enable-hipaa            POST 302  404  404  404  404  404
staff:accounts_account_owner                   GET  302  404  404  404  404  404
staff:accounts_account_owner                   POST 302  404  404  404  404  404
staff:accounts_account_reactivate              GET  302  404  404  404  404  404
staff:accounts_account_reactivate              POST 302  404  404  404  404  404
staff:accounts_account_suspend                 GET  302  404  404  404  404  404
staff:accounts_account_suspend                 POST 302  404  404  404  404  404
staff:accounts_account_upgrade                 GET  302  404  404  404  404  404
staff:accounts_account_upgrade                 POST 302  404  404  404  404  404
staff:organizations_organization_record-baa    GET  302  404  404  404  404  404
staff:organizations_organization_record-baa    POST 302  404  404  404  404  404
staff:accounts_roleassignment_changelist       GET  302  404  404  404  404  404
staff:accounts_roleassignment_changelist       POST 302  404  404  404  404  404
staff:accounts_roleassignment_detail           GET  302  404  404  404  404  404
staff:accounts_roleassignment_detail           POST 302  404  404  404  404  404
staff:app_list                                 GET  302  404  404  404  404  404
staff:app_list                                 POST 302  404  404  404  404  404
staff:audit_auditevent_changelist              GET  302  404  404  404  404  404
staff:audit_auditevent_changelist              POST 302  404  404  404  404  404
staff:domains_domain_changelist                GET  302  404  404  404  404  404
staff:domains_domain_changelist                POST 302  404  404  404  404  404
staff:domains_domain_detail                    GET  302  404  404  404  404  404
staff:domains_domain_detail                    POST 302  404  404  404  404  404
staff:domains_domain_withdraw-sharing          GET  302  404  404  404  404  404
staff:domains_domain_withdraw-sharing          POST 302  404  404  404  404  404
staff:domains_maildomain_add                   GET  302  404  404  404  404  404
staff:domains_maildomain_add                   POST 302  404  404  404  404  404
staff:domains_maildomain_changelist            GET  302  404  404  404  404  404
staff:domains_maildomain_changelist            POST 302  404  404  404  404  404
staff:domains_maildomain_detail                GET  302  404  404  404  404  404
staff:domains_maildomain_detail                POST 302  404  404  404  404  404
staff:domains_maildomain_forget                GET  302  404  404  404  404  404
staff:domains_maildomain_forget                POST 302  404  404  404  404  404
staff:domains_maildomain_turn                  GET  302  404  404  404  404  404
staff:domains_maildomain_turn                  POST 302  404  404  404  404  404
staff:index                                    GET  302  404  404  404  404  404
staff:index                                    POST 302  404  404  404  404  404
staff:invitations_invitation_changelist        GET  302  404  404  404  404  404
staff:invitations_invitation_changelist        POST 302  404  404  404  404  404
staff:invitations_invitation_detail            GET  302  404  404  404  404  404
staff:invitations_invitation_detail            POST 302  404  404  404  404  404
staff:organizations_organization_account-limit GET  302  404  404  404  404  404
staff:organizations_organization_account-limit POST 302  404  404  404  404  404
staff:organizations_organization_import        GET  302  404  404  404  404  404
staff:organizations_organization_import        POST 302  404  404  404  404  404
staff:organizations_organization_approve-sharing GET 302  404  404  404  404  404
staff:organizations_organization_approve-sharing POST 302  404  404  404  404  404
staff:organizations_organization_domain-limit  GET  302  404  404  404  404  404
staff:organizations_organization_domain-limit  POST 302  404  404  404  404  404
staff:organizations_organization_changelist    GET  302  404  404  404  404  404
staff:organizations_organization_changelist    POST 302  404  404  404  404  404
staff:organizations_organization_detail        GET  302  404  404  404  404  404
staff:organizations_organization_detail        POST 302  404  404  404  404  404
staff:organizations_organization_ownership     GET  302  404  404  404  404  404
staff:organizations_organization_ownership     POST 302  404  404  404  404  404
staff:organizations_organization_rename        GET  302  404  404  404  404  404
staff:organizations_organization_rename        POST 302  404  404  404  404  404
staff:users_user_changelist                    GET  302  404  404  404  404  404
staff:users_user_changelist                    POST 302  404  404  404  404  404
staff:users_user_detail                        GET  302  404  404  404  404  404
staff:users_user_detail                        POST 302  404  404  404  404  404
staff:users_user_lift-suspension               GET  302  404  404  404  404  404
staff:users_user_lift-suspension               POST 302  404  404  404  404  404
staff:users_user_suspend                       GET  302  404  404  404  404  404
staff:users_user_suspend                       POST 302  404  404  404  404  404
staff:users_user_deactivate           GET  302  404  404  404  404  404
staff:users_user_deactivate           POST 302  404  404  404  404  404
staff:users_user_end-sessions         GET  302  404  404  404  404  404
staff:users_user_end-sessions         POST 302  404  404  404  404  404
staff:users_user_reactivate           GET  302  404  404  404  404  404
staff:users_user_reactivate           POST 302  404  404  404  404  404
staff:users_user_reset-2fa            GET  302  404  404  404  404  404
staff:users_user_reset-2fa            POST 302  404  404  404  404  404
staff:users_user_reset-password       GET  302  404  404  404  404  404
staff:users_user_reset-password       POST 302  404  404  404  404  404
mailbox                               GET   200  200  200  200  200  200
mailbox                               POST  405  405  405  405  405  405
"""

# Whom every member knows: the Owner and the Administrators, whom a refusal names.
HELPERS = ("ana@acme.example", "ben@acme.example", "fay@acme.example")

WHO = ("anonymous", "cy", "ben", "ana", "eve", "ida")
EXPECTED = {
    (name, method): dict(zip(WHO, map(int, answers), strict=True))
    for name, method, *answers in map(str.split, MATRIX.strip().splitlines()[1:])
}


def test_every_address_has_its_line() -> None:
    assert set(EXPECTED) == set(product(routes(), ("GET", "POST")))


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_the_answer_that_is_theirs(who, sids, request, sign_in, settings) -> None:
    settings.DNS_LIFETIME = timedelta(milliseconds=10)
    person = None if who == "anonymous" else request.getfixturevalue(who)
    got = {}
    for name, method in EXPECTED:
        before = transaction.savepoint_create()
        path = path_to(name, sids)
        client = sign_in(person) if person else browser()
        got[name, method] = client.generic(method, path).status_code
        transaction.savepoint_rollback(before)
    assert got == {line: answers[who] for line, answers in EXPECTED.items()}


@pytest.mark.parametrize("who", ["cy", "anonymous"])
def test_who_may_not_sees_nothing_of_the_organization(who, sids, acme, cy, sign_in) -> None:
    client = sign_in(cy) if who == "cy" else browser()
    for name in routes():
        path = path_to(name, sids)
        if path.startswith("/admin-center/"):
            body = client.get(path).content.decode()
            assert not any(sid in body for sid in [acme.sid, *sids.values()])
            for known in HELPERS if who == "cy" else ():
                body = body.replace(known, "")
            assert "acme" not in body.lower()


def test_menus_offer_nobody_what_they_may_not_open(sign_in, cy, ana) -> None:
    assert "/admin-center/" not in sign_in(cy).get("/console/").content.decode()
    assert "/admin-center/users/" in sign_in(ana).get("/console/").content.decode()
