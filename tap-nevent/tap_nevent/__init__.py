"""Singer tap for Nevent, the ticketing CRM of festivals, venues and promoters."""
