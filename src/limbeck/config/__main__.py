"""Write ``config/schema.json``: python -m limbeck.config"""

from limbeck.config.config import schema
from limbeck.files import write_json

write_json("config/schema.json", schema())
