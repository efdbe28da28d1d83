"""The report: reads artefacts, writes one page."""
