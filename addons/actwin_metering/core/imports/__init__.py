"""Tables that people paste or upload, read without Odoo: text, headers, cells, their faults."""
