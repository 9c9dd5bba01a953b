"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from fourfold.entry.setup import lives_long

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
application = get_wsgi_application()
lives_long()
