"""An offline DashScope: both HTTP dialects of Alibaba Cloud Model Studio, for tests."""

__version__ = "0.1.0"
