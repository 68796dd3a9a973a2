"""The native dialect, text and multimodal."""
