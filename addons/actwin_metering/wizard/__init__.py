from . import api_key, validation_decision
