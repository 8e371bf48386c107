"""Look at a content before it is sent: rendered for a sample of recipients, what readers would trip over is listed.

No Django, no database. `preflight` takes content and people and gives a Report.
"""

from transmissions.preflight.findings import Finding, Level, Report
from transmissions.preflight.run import Person, preflight

__all__ = ["Finding", "Level", "Person", "Report", "preflight"]
