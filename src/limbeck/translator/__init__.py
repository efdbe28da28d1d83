"""Translators that are no chat model, behind the protocol of one."""
