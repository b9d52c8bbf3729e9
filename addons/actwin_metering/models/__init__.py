from . import master, readings, collector, validation, conversion, virtual, completeness
from . import events, alarms
from . import access
from . import notify
from . import subscribers, imports
