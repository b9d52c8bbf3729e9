from . import master, readings, collector
