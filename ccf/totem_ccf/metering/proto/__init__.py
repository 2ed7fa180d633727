"""Messages and services between host, manager, master and workers; generated from ``ccf.proto``.

``python -m totem_ccf.metering.proto.generate`` writes the modules again after a change.
"""
