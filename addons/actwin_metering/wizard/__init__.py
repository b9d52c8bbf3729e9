from . import api_key
