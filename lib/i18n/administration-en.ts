/** The English words of the administration pages: a part of `en`. */
export const administrationEn = {
  namespace: {
    pages: 'Pages of this namespace',
    overview: 'Overview',
    encryption: 'Encryption',
    manageEncryption: 'Manage encryption',
    sigV2Title: 'Accept signatures of version 2',
    sigV2: {
      accepted:
        'Legacy clients may sign with version 2, which rests on SHA-1. Refuse it when every client signs with version 4.',
      refused: 'Only signatures of version 4 are accepted, which rest on SHA-256.',
    },
    sigV2Done: {
      accepted: 'Signatures of version 2 are accepted within 5 seconds',
      refused: 'Signatures of version 2 are refused within 5 seconds',
    },
    undo: 'Undo',
  },
  namedKeys: {
    tab: 'Client keys',
    title: 'Client keys',
    lead: 'Keys that clients name in a request (SSE-KMS), and that can be disabled or destroyed apart from the namespace’s own keys.',
    create: 'Create key',
    createTitle: 'Create a client key',
    createText: 'Clients name it in x-amz-server-side-encryption-aws-kms-key-id, or as a bucket’s default encryption.',
    createdToast: 'Key {name} created',
    name: 'Name',
    nameHint: '“aws/s3” is the key that is meant when a request names none.',
    invalidName:
      'Use 1 to 250 letters, digits, “/”, “_” and “-”. Names that start with “aws/” are reserved, except “aws/s3”.',
    state: 'State',
    id: 'Key id',
    created: 'Created',
    actionsHead: 'Actions',
    actions: 'Actions on {name}',
    copyId: 'Copy the id of {name}',
    states: { enabled: 'Enabled', disabled: 'Disabled', 'pending-deletion': 'Deletion pending', deleted: 'Destroyed' },
    deleteAt: 'destroyed on {date}',
    rotate: 'Rotate',
    disable: 'Disable',
    enable: 'Enable',
    keep: 'Keep this key',
    delete: 'Delete…',
    undo: 'Undo',
    done: {
      rotate: '{name} has a new version for new data',
      disable: '{name} is disabled: nothing is sealed or opened with it',
      enable: '{name} is enabled',
      keep: '{name} is kept, and disabled',
    },
    emptyTitle: 'No client key yet',
    emptyText:
      'Everything in this namespace is encrypted with the namespace’s own keys. Create a client key when an application asks for SSE-KMS.',
    deleteTitle: 'Delete the key {name}?',
    deleteText:
      'It is out of use at once, and destroyed at the end of the waiting time. What it sealed can then never be read again. Until then it can be kept.',
    daysLabel: 'Days to wait',
    deleteAction: 'Delete key',
    deletedToast: '{name} will be destroyed in {days, plural, one {# day} other {# days}}',
  },
} as const
