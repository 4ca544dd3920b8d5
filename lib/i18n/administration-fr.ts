import type { Messages } from '#lib/i18n/messages.ts'

/** Les mots français des pages d’administration : une partie de `fr`. */
export const administrationFr: Pick<Messages, 'namespace' | 'namedKeys'> = {
  namespace: {
    pages: 'Pages de cet espace de noms',
    overview: 'Vue d’ensemble',
    encryption: 'Chiffrement',
    manageEncryption: 'Gérer le chiffrement',
    sigV2Title: 'Accepter les signatures de version 2',
    sigV2: {
      accepted:
        'Les anciens clients peuvent signer en version 2, fondée sur SHA-1. Refusez-la dès que tous signent en version 4.',
      refused: 'Seules les signatures de version 4, fondées sur SHA-256, sont acceptées.',
    },
    sigV2Done: {
      accepted: 'Les signatures de version 2 seront acceptées d’ici 5 secondes',
      refused: 'Les signatures de version 2 seront refusées d’ici 5 secondes',
    },
    undo: 'Annuler',
  },
  namedKeys: {
    tab: 'Clés des clients',
    title: 'Clés des clients',
    lead: 'Clés que les clients nomment dans une requête (SSE-KMS), et que l’on peut désactiver ou détruire sans toucher à celles de l’espace de noms.',
    create: 'Créer une clé',
    createTitle: 'Créer une clé de client',
    createText:
      'Les clients la nomment dans x-amz-server-side-encryption-aws-kms-key-id, ou comme chiffrement par défaut d’un bucket.',
    createdToast: 'Clé {name} créée',
    name: 'Nom',
    nameHint: '« aws/s3 » est la clé employée quand une requête n’en nomme aucune.',
    invalidName:
      'De 1 à 250 lettres, chiffres, « / », « _ » et « - ». Les noms qui commencent par « aws/ » sont réservés, sauf « aws/s3 ».',
    state: 'État',
    id: 'Identifiant',
    created: 'Création',
    actionsHead: 'Actions',
    actions: 'Actions sur {name}',
    copyId: 'Copier l’identifiant de {name}',
    states: {
      enabled: 'Active',
      disabled: 'Désactivée',
      'pending-deletion': 'Suppression prévue',
      deleted: 'Détruite',
    },
    deleteAt: 'détruite le {date}',
    rotate: 'Renouveler',
    disable: 'Désactiver',
    enable: 'Activer',
    keep: 'Conserver cette clé',
    delete: 'Supprimer…',
    undo: 'Annuler',
    done: {
      rotate: '{name} a une nouvelle version pour les nouvelles données',
      disable: '{name} est désactivée : elle ne scelle et n’ouvre plus rien',
      enable: '{name} est active',
      keep: '{name} est conservée, et désactivée',
    },
    emptyTitle: 'Aucune clé de client pour l’instant',
    emptyText:
      'Tout dans cet espace de noms est chiffré avec ses propres clés. Créez une clé de client lorsqu’une application demande SSE-KMS.',
    deleteTitle: 'Supprimer la clé {name} ?',
    deleteText:
      'Elle est aussitôt hors d’usage, puis détruite au terme du délai. Ce qu’elle a scellé ne pourra alors plus jamais être lu. D’ici là, elle peut être conservée.',
    daysLabel: 'Délai en jours',
    deleteAction: 'Supprimer la clé',
    deletedToast: '{name} sera détruite dans {days, plural, one {# jour} other {# jours}}',
  },
}
