from django.urls import path

from community.views import giving, home, members, options

app_name = "community"
urlpatterns = [
    path("", home.home, name="home"),
    path("community/", members.members, name="members"),
    path("community/members/<int:member_id>/", members.overview, name="member"),
    path("community/members/<int:member_id>/credits/", members.credits, name="member_credits"),
    path("community/members/<int:member_id>/credits/give/", giving.give, name="give_credits"),
    path("community/members/<int:member_id>/credits/deduct/", giving.deduct, name="deduct_credits"),
    path("community/members/<int:member_id>/payments/", members.payments, name="member_payments"),
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
]
