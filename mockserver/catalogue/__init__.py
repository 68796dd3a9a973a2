"""What the mock knows: the models and the errors of the cloud, read from `fixtures/`."""
