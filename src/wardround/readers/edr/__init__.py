"""What products that protect computers say (EDR, antivirus): alerts, telemetry and settings. One format each."""
