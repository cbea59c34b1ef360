"""Who may see and change what is under Settings > API."""

from tests.authorization.table import Row, admins

API_SETTINGS = [
    Row("community:settings_api", GET=admins(), POST=admins()),
    Row("community:add_webhook", GET=admins(), POST=admins()),
    Row("community:webhook", GET=admins()),
    Row("community:rotate_webhook", POST=admins()),
    Row("community:enable_webhook", POST=admins(302)),
    Row("community:disable_webhook", POST=admins(302)),
    Row("community:remove_webhook", POST=admins(302)),
    Row("community:replay_webhook", POST=admins(302)),
    Row("community:revoke_api_key", POST=admins(302)),
]
