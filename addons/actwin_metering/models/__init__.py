from . import master, readings, collector, validation, estimation, conversion, virtual
from . import completeness
from . import events, alarms
from . import access
from . import notify
from . import subscribers, imports
