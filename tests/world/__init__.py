"""A stand-in for the world that a paid run needs: the hub, and a teacher with a model's manners.

Both serve on 127.0.0.1 alone. What they serve is of the form that is published: the tables
`repositories.tsv` and `refusals.tsv` say where each form can be looked up.
"""
