"""What every room stands on: values, names, resources, logs, JSON text."""
