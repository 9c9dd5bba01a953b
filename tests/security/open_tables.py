"""Tables that are not under a policy, each with the reason. Anything else without one fails the tests.

Open means: every connection of the application's role sees every row. So nothing that tells of a person in the
picture, a threat, a source's record or what someone did may stand here.
"""

OPEN_TABLES = {
    "assessments_assessmentmodel": "Scoring models: criteria, weights and words, the same for everyone",
    "audit_block": "Seals of the ledger: digests and numbers of transactions, which tell nothing of what was done",
    "audit_check": "What verifications of the ledger found: counts and digests",
    "django_content_type": "Names of models, made by Django",
    "auth_permission": "Django's own permissions, which nothing uses; made by an app that Django needs",
    "auth_group": "As auth_permission",
    "auth_group_permissions": "As auth_permission",
    "django_migrations": "Names of migrations; the application cannot write it",
    "django_session": "Sessions are looked up by their random key before anyone is known to act",
    "people_organisation": "The bodies of the region are public",
    "people_user": "Looked up at sign-in before anyone acts; names of colleagues stand beside what they did",
    "people_roleheld": "Read to work out what someone may see, before anyone acts",
    "people_failedsignin": "Hashes of addresses, counted before anyone acts",
    "plans_calendaraddress": "Hashes of private calendar addresses, looked up before anyone acts",
    "pole_person": "A number that records point at; every fact is in the records, which are under the policy",
    "pole_thing": "As pole_person: a number that records of one vehicle, phone, address or organisation point at",
    "pole_word": "Words of names and addresses; the application may not read it, only the finder's functions",
    "pole_wordlabel": "As pole_word: which labels a word is found under",
    "procrastinate_jobs": "The worker takes jobs before it acts; a job holds keys and no facts",
    "procrastinate_events": "As procrastinate_jobs",
    "procrastinate_periodic_defers": "As procrastinate_jobs",
    "procrastinate_workers": "As procrastinate_jobs",
    "reference_referenceterm": "Words of the region, the same for everyone",
    "visibility_accesslabel": "Read to work out what someone may see; a label says nothing of the rows that carry it",
    "visibility_accesslabel_named": "As visibility_accesslabel",
    "visibility_agreement": "As visibility_accesslabel",
    "visibility_agreement_parties": "As visibility_accesslabel",
    "visibility_compartment": "As visibility_accesslabel; no page lists compartments to those outside them",
    "visibility_compartmentmember": "As visibility_compartment",
    "visibility_stamp": "Random numbers that change when labels do; only the database writes it",
}
