"""Open questions, which two models answer and a third one judges, in both orders."""
