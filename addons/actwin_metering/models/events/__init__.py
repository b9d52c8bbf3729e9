from . import event_kind
