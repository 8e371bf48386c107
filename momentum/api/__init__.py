"""The API's conventions, shared by every endpoint (contract 00): envelope, errors, bodies, parameters, checks."""
