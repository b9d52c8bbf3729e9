from . import subscriber_tag, subscriber, subscriber_kind, partner, point
