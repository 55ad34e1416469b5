"""The WSGI application that the web server loads."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from hub.admission import Admission

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

application = Admission(get_wsgi_application())

# What was loaded stays for good and need not be looked through again; and an answer of ten
# thousand rows makes more objects than the collector's usual first threshold by far.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
