from . import event_kind, event_code
