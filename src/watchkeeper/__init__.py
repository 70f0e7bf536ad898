"""Watchkeeper: AWS Config compliance monitoring, deployed, checked beforehand, and run whole on a laptop."""
