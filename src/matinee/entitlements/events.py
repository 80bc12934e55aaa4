"""What entitlements announce to the layers above them."""

PURCHASE_CHANGED = "entitlements.purchase_changed"
"""A purchase has another status now (`user_id`, `purchase_id`, `status`)."""

REFUND_WANTED = "entitlements.refund_wanted"
"""Money is to be given back (`user_id`, `purchase_id`)."""

SUBSCRIPTION_UNWANTED = "entitlements.subscription_unwanted"
"""A provider has a subscription that must not go on (`user_id`, `subscription_id`)."""

BASE_ENDED = "entitlements.base_ended"
"""A household's base subscription is over (`user_id`)."""
