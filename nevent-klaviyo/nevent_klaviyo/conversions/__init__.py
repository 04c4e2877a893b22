"""What campaigns sold, by Klaviyo's count and by Nevent's own (`campaign_conversions`).

Klaviyo knows who received, opened and clicked what, and counts the purchases that it was told of.
Nevent knows what was really bought and paid back, and nothing of Klaviyo's campaigns. Neither API
can put the two together, and no Singer stream can: a tap knows one side, and a target sees what
passes, once. So it is computed here, in the one place that reads both sides, when somebody asks;
nothing is stored and neither side is changed.
"""
