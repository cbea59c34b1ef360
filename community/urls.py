from django.urls import path

from community.views import assigning, giving, home, members, options, plans
from community.views.settings import billing, location, logos, policy, tax, team, uses
from membership.views import exports, imports, inviting, joining, leaving

app_name = "community"
urlpatterns = [
    path("", home.home, name="home"),
    path("community/", members.members, name="members"),
    path("community/become-a-member/", joining.become_member, name="become_member"),
    path("community/requests/", inviting.join_requests, name="join_requests"),
    path("community/requests/<int:request_id>/accept/", inviting.accept, name="accept_request"),
    path("community/requests/<int:request_id>/decline/", inviting.decline, name="decline_request"),
    path("community/invitations/", inviting.invitations, name="invitations"),
    path("community/invitations/add/", inviting.invite, name="invite"),
    path(
        "community/invitations/<int:invitation_id>/resend/",
        inviting.resend,
        name="resend_invitation",
    ),
    path(
        "community/invitations/<int:invitation_id>/revoke/",
        inviting.revoke,
        name="revoke_invitation",
    ),
    path("community/invitations/<int:invitation_id>/link/", inviting.link, name="invitation_link"),
    path("community/members/<int:member_id>/", members.overview, name="member"),
    path("community/members/<int:member_id>/suspend/", leaving.suspend, name="suspend_member"),
    path(
        "community/members/<int:member_id>/reactivate/",
        leaving.reactivate,
        name="reactivate_member",
    ),
    path("community/members/<int:member_id>/remove/", leaving.remove, name="remove_member"),
    path("former/", leaving.former, name="former"),
    path("community/members/<int:member_id>/credits/", members.credits, name="member_credits"),
    path("community/members/<int:member_id>/credits/give/", giving.give, name="give_credits"),
    path("community/members/<int:member_id>/credits/deduct/", giving.deduct, name="deduct_credits"),
    path("community/members/<int:member_id>/payments/", members.payments, name="member_payments"),
    path("community/import/", imports.imports, name="imports"),
    path("community/import/<int:import_id>/", imports.member_import, name="import"),
    path("community/import/<int:import_id>/start/", imports.start, name="start_import"),
    path("community/import/<int:import_id>/status/", imports.status, name="import_status"),
    path("community/import/<int:import_id>/discard/", imports.discard, name="discard_import"),
    path("community/export/", exports.exports, name="exports"),
    path("community/export/<str:what>.<str:form>", exports.export, name="export"),
    path("community/credit-options/", options.credit_options, name="credit_options"),
    path("community/credit-options/add/", options.add, name="add_credit_option"),
    path("community/credit-options/<int:option_id>/edit/", options.edit, name="edit_credit_option"),
    path(
        "community/credit-options/<int:option_id>/archive/",
        options.archive,
        name="archive_credit_option",
    ),
    path(
        "community/credit-options/<int:option_id>/bring-back/",
        options.bring_back,
        name="bring_back_credit_option",
    ),
    path("community/credit-options/<int:option_id>/move/", options.move, name="move_credit_option"),
    path("community/plans/", plans.plans, name="plans"),
    path("community/plans/add/", plans.add, name="add_plan"),
    path("community/plans/<int:plan_id>/edit/", plans.edit, name="edit_plan"),
    path("community/plans/<int:plan_id>/archive/", plans.archive, name="archive_plan"),
    path("community/plans/<int:plan_id>/bring-back/", plans.bring_back, name="bring_back_plan"),
    path("community/members/<int:member_id>/plan/", assigning.member_plan, name="member_plan"),
    path("community/companies/<int:company_id>/plan/", assigning.company_plan, name="company_plan"),
    path(
        "community/customers/<int:customer_id>/plan/assign/", assigning.assign, name="assign_plan"
    ),
    path(
        "community/customers/<int:customer_id>/plan/change/", assigning.change, name="replace_plan"
    ),
    path("community/customers/<int:customer_id>/plan/end/", assigning.end, name="end_plan"),
    path(
        "community/assignments/<int:assignment_id>/bill/",
        assigning.bill_permission,
        name="bill_permission",
    ),
    path(
        "community/assignments/<int:assignment_id>/withdraw/",
        assigning.withdraw,
        name="withdraw_plan",
    ),
    path("settings/", location.settings, name="settings"),
    path("settings/location/", location.location, name="settings_location"),
    path("settings/location/confirm/", location.confirm_location, name="confirm_location"),
    path("settings/location/logo/", logos.change, name="change_logo"),
    path("settings/location/logo/remove/", logos.remove, name="remove_logo"),
    path("settings/location/uses/add/", uses.add, name="add_credit_use"),
    path("settings/location/uses/<int:use_id>/edit/", uses.edit, name="edit_credit_use"),
    path("settings/location/uses/<int:use_id>/remove/", uses.remove, name="remove_credit_use"),
    path("settings/location/uses/<int:use_id>/move/", uses.move, name="move_credit_use"),
    path("settings/billing/", billing.billing, name="settings_billing"),
    path("settings/tax/", tax.tax, name="settings_tax"),
    path("settings/tax/confirm/", tax.confirm_tax, name="confirm_tax"),
    path("settings/team/", team.team, name="settings_team"),
    path("settings/team/<int:role_id>/change/", team.change, name="change_role"),
    path("settings/team/<int:role_id>/remove/", team.remove, name="remove_from_team"),
    path(
        "settings/team/invitations/<int:invitation_id>/resend/",
        team.resend,
        name="resend_team_invitation",
    ),
    path(
        "settings/team/invitations/<int:invitation_id>/revoke/",
        team.revoke,
        name="revoke_team_invitation",
    ),
    path(
        "settings/team/invitations/<int:invitation_id>/link/",
        team.link,
        name="link_team_invitation",
    ),
    path("settings/credit-policy/", policy.credit_policy, name="settings_credit_policy"),
]
