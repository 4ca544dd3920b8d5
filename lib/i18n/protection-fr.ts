import type { Messages } from '#lib/i18n/messages.ts'

/** Les mots français des pages de chiffrement : une partie de `fr`. */
export const protectionFr: Pick<Messages, 'protection' | 'notices' | 'rootKeys'> = {
  protection: {
    objectCount: '{count, plural, one {# objet} other {# objets}}',
    openUploads: 'Les envois inachevés contiennent {sealed} chiffrés et {plain} non chiffrés.',
    state: {
      off: 'Désactivé',
      'on-new-data-only': 'Activé (nouvelles données seulement)',
      encrypting: 'Chiffrement en cours : {percent}',
      on: 'Activé',
      decrypting: 'Déchiffrement en cours : {percent}',
      mixed: 'Désactivé (il reste des données chiffrées)',
    },
    stateText: {
      off: 'Ce qui est stocké se trouve sur les disques tel qu’il a été envoyé.',
      'on-new-data-only':
        'Tout ce qui est enregistré désormais est chiffré. Ce qui l’a été auparavant peut encore se trouver en clair sur les disques, même supprimé ou remplacé.',
      encrypting:
        'Les nouvelles données sont chiffrées, et les anciennes le deviennent pendant que les clients continuent.',
      on: 'Chaque octet stocké est chiffré en AES-256, avec des clés propres à cet espace de noms.',
      decrypting:
        'Les nouvelles données ne sont pas chiffrées, et celles qui l’étaient sont en cours de déchiffrement.',
      mixed:
        'Les nouvelles données ne sont pas chiffrées, sauf si un client le demande. Celles qui l’étaient le restent.',
    },
    switch: {
      existing: 'Ce qui est déjà stocké ({size})',
      on: {
        title: 'Chiffrer {name} ?',
        text: 'Dès l’activation, toute écriture confirmée est chiffrée, y compris les envois en cours. Les clients ne remarquent rien.',
        action: 'Activer le chiffrement',
        leave: 'Nouvelles données seulement',
        leaveText: 'Les {size} d’avant restent telles quelles. Vous pourrez les chiffrer plus tard.',
        convert: 'Aussi ce qui est déjà stocké',
        convertText:
          '{size} sont lus, vérifiés, chiffrés et remplacés en arrière-plan. Versions, étiquettes, verrous et ETags ne changent pas.',
        toast: {
          leave: 'Les nouvelles données de {name} sont désormais chiffrées',
          convert: 'Les nouvelles données de {name} sont chiffrées, et les données stockées suivent',
        },
      },
      off: {
        title: 'Ne plus chiffrer {name} ?',
        text: 'Les objets enregistrés désormais seront en clair sur les disques.',
        action: 'Désactiver le chiffrement',
        leave: 'Garder ce qui est chiffré',
        leaveText: '{size} restent chiffrés et lisibles.',
        convert: 'Aussi déchiffrer ce qui est stocké',
        convertText: '{size} sont écrits en clair sur les disques, en arrière-plan.',
        toast: {
          leave: 'Les nouvelles données de {name} ne sont plus chiffrées',
          convert: 'Les nouvelles données de {name} ne sont plus chiffrées, et les données stockées suivent',
        },
      },
    },
    rateLimit: 'Débit maximal',
    rateLimitHint: 'Laissez vide pour aller aussi vite que les disques le permettent.',
    rateLimitInvalid: 'Un nombre de 0,0625 à 1 048 576, ou rien.',
    rateUnit: 'Mio/s',
    offer: {
      encrypt: {
        title: '{size} ne sont pas encore chiffrés',
        text: 'Ils ont été enregistrés avant l’activation. Chiffrez-les en arrière-plan ; les clients ne remarquent rien.',
        action: 'Chiffrer l’existant',
        question: 'Chiffrer ce qui est stocké dans {name} ?',
        questionText:
          'Chaque objet est lu, vérifié, chiffré et remplacé ; puis la copie en clair est retirée des disques. Versions, étiquettes, verrous et ETags ne changent pas.',
        toast: 'Les données stockées sont en cours de chiffrement',
      },
      remains: {
        title: 'Restes en clair',
        text: 'Plus rien de ce qui peut être lu n’est en clair. Ce qui a été supprimé ou remplacé peut l’être encore : faites-le effacer des disques en arrière-plan.',
      },
      decrypt: {
        title: '{size} sont encore chiffrés',
        text: 'Ils restent lisibles. Ne les déchiffrez que si ces octets doivent être sur les disques tels qu’ils ont été envoyés.',
        action: 'Déchiffrer l’existant',
        question: 'Déchiffrer ce qui est stocké dans {name} ?',
        questionText:
          'Tout ce dont ni un client ni un réglage de bucket n’a demandé le chiffrement est écrit en clair sur les disques.',
        toast: 'Les données stockées sont en cours de déchiffrement',
      },
    },
    migration: {
      encrypt: 'Chiffrement des données stockées',
      decrypt: 'Déchiffrement des données stockées',
      paused: 'En pause',
      cleaning: { encrypt: 'Retrait des copies en clair', decrypt: 'Retrait des copies remplacées' },
      cleaningText: {
        encrypt:
          'Tout est chiffré. Les octets en clair qui ont été remplacés sont retirés de chaque disque ; l’état sera « Activé » quand il n’en restera aucun.',
        decrypt: 'Tout est déchiffré. Les octets chiffrés qui ont été remplacés sont retirés de chaque disque.',
      },
      progress: 'Avancement de la migration',
      data: 'Données',
      objects: 'Objets et parties',
      of: '{done} sur {total}',
      speed: 'Débit',
      unlimited: 'sans limite',
      limited: 'limite {rate}',
      left: 'Temps restant',
      started: 'lancée <time></time> par {by}',
      pause: 'Mettre en pause',
      resume: 'Reprendre',
      changeRate: 'Débit maximal…',
      cancel: 'Annuler…',
      rateTitle: 'Changer le débit maximal',
      rateText: 'Il s’applique en quelques secondes, et laisse plus ou moins de place aux clients.',
      rateAction: 'Appliquer',
      cancelTitle: 'Annuler la migration ?',
      cancelText: {
        encrypt: 'Ce qui a été chiffré le reste, le reste ne change pas. Vous pourrez la relancer à tout moment.',
        decrypt: 'Ce qui a été déchiffré le reste, le reste ne change pas. Vous pourrez la relancer à tout moment.',
      },
      cancelAction: 'Annuler la migration',
      cancelledToast: 'La migration est annulée',
      ended: {
        done: { encrypt: 'Données stockées chiffrées', decrypt: 'Données stockées déchiffrées' },
        failed: {
          encrypt: 'Échec du chiffrement des données stockées',
          decrypt: 'Échec du déchiffrement des données stockées',
        },
        cancelled: {
          encrypt: 'Chiffrement des données stockées annulé',
          decrypt: 'Déchiffrement des données stockées annulé',
        },
      },
      endedFigures: '{count, plural, one {# objet ou partie} other {# objets et parties}}, {size}, par {by}',
    },
    buckets: {
      title: 'Par bucket',
      empty: 'Il n’y a pas encore de bucket dans cet espace de noms.',
    },
    keys: {
      title: 'Clés de cet espace de noms',
      lead: 'Un grand objet a sa propre clé de données, les petits d’un bucket en partagent une ; une version de la clé de l’espace de noms l’enveloppe.',
      version: 'Version {version}',
      states: { active: 'Active', 'decrypt-only': 'Déchiffre seulement', retired: 'Détruite' },
      inUse:
        'enveloppe {count, plural, =0 {aucune clé de données} one {# clé de données} other {# clés de données}}, créée <time></time>',
      retiredAt: 'détruite <time></time>',
      retireBlocked:
        'Elle pourra être retirée quand elle n’enveloppera plus rien : ré-enveloppez d’abord les clés de données.',
      rewrapping: 'Ré-enveloppement des clés de données',
      rotate: {
        action: 'Renouveler la clé',
        title: 'Renouveler la clé de cet espace de noms ?',
        text: 'Les nouvelles données sont chiffrées sous une nouvelle version. L’actuelle continue d’ouvrir ce qu’elle a scellé. Aucune donnée n’est réécrite.',
        toast: 'Les nouvelles données emploient une nouvelle version de la clé',
      },
      rewrap: {
        action: 'Ré-envelopper',
        title: 'Ré-envelopper toutes les clés de données sous la dernière version ?',
        text: 'Seules des clés sont réécrites, pas les données. Les anciennes versions pourront ensuite être retirées.',
        toast: 'Les clés de données sont en cours de ré-enveloppement',
      },
      retire: {
        action: 'Retirer',
        title: 'Détruire la version {version} de la clé ?',
        text: 'Plus rien de ce qui est stocké n’en a besoin. Les sauvegardes de la base d’avant le ré-enveloppement deviennent illisibles. C’est irréversible.',
        toast: 'La version {version} est détruite',
      },
    },
    rewrap: {
      of: '{done} sur {total}',
      done: 'La dernière fois, {count, plural, one {# clé a été ré-enveloppée} other {# clés ont été ré-enveloppées}}.',
      failed: 'Le ré-enveloppement a échoué. Relancez-le : il reprend où il s’est arrêté.',
      failedBecause: 'Le ré-enveloppement a échoué. {reason}',
      cancelled: 'Le ré-enveloppement a été annulé.',
    },
    attestation: {
      title: 'Preuve',
      namespaceText:
        'Une déclaration signée de ce qui est chiffré dans cet espace de noms : objets, octets, algorithmes et versions de clés, avec une empreinte de tout ce qui est stocké.',
      serviceText:
        'Une déclaration signée de ce qui est chiffré dans chaque espace de noms : objets, octets, algorithmes et versions de clés, avec une empreinte de tout ce qui est stocké.',
      download: 'Télécharger l’attestation',
      sha256: 'SHA-256 du fichier téléchargé',
      copySha256: 'Copier le SHA-256',
      verify: 'La vérifier sur les disques, hors ligne :',
      copyCommand: 'Copier la commande',
    },
    shred: {
      title: 'Destruction par les clés',
      text: 'Détruit toutes les clés de cet espace de noms. Plus rien ne pourra jamais y être lu, même à partir d’une sauvegarde.',
      schedule: 'Détruire toutes les clés…',
      question: 'Détruire toutes les clés de {name} ?',
      questionText:
        'Dès maintenant, il n’accepte plus de données. Au terme du délai, ce qu’il contient est perdu à jamais, pour tous ; d’ici là, vous pouvez y renoncer. Un verrou de conformité ou une conservation légale l’empêche.',
      days: 'Délai en jours',
      action: 'Prévoir la destruction',
      scheduledToast: 'La destruction des clés est prévue',
      countdown: 'Toutes les clés seront détruites {time}',
      scheduled:
        'Le {date}. Prévue par {by}. D’ici là, cet espace de noms n’accepte plus de données ; ce qu’il contient reste lisible.',
      keep: 'Conserver les clés',
      keptToast: 'Les clés sont conservées',
      destroyed:
        'Toutes les clés de cet espace de noms ont été détruites le {date}. Ce qui était chiffré ne peut plus être lu.',
      record: 'Télécharger le procès-verbal',
    },
    history: {
      title: 'Historique',
      empty: 'Rien n’a encore été changé.',
      results: { denied: 'Refusé', failed: 'Échec' },
      actors: { service: 'le service', commandLine: 'la ligne de commande' },
      facts: {
        mode: { on: 'Activé', off: 'Désactivé' },
        change: '{before} → {after}',
        existing: { leave: 'nouvelles données seulement', convert: 'données stockées aussi' },
        rateLimit: '{rate} au plus',
        unlimited: 'sans limite',
        version: 'version {version}',
        days: '{count, plural, one {dans # jour} other {dans # jours}}',
        count: '{count, plural, one {# clé} other {# clés}}',
        state: { done: 'terminé', failed: 'échec', cancelled: 'annulé' },
        scheduledBy: 'prévue par {by}',
        rootKey: 'clé <id></id>',
        replacedRootKey: 'à la place de <id></id>',
      },
      actions: {
        namespace: {
          'set-encryption': 'Chiffrement basculé',
          shred: 'Destruction de toutes les clés prévue',
          keep: 'Renoncement à la destruction des clés',
          shredded: 'Toutes les clés détruites',
        },
        'namespace-key': {
          rotate: 'Clé renouvelée',
          rewrap: 'Ré-enveloppement des clés de données lancé',
          rewrapped: 'Clés de données ré-enveloppées',
          retire: 'Version de clé détruite',
        },
        encryption: {
          start: 'Migration lancée',
          pause: 'Migration mise en pause',
          resume: 'Migration reprise',
          cancel: 'Migration annulée',
          'set-rate': 'Débit maximal changé',
          attest: 'Attestation établie',
        },
        'root-key': {
          rotate: 'Clé racine renouvelée',
          rewrapped: 'Tout est enveloppé sous la nouvelle clé racine',
          retire: 'Clé racine retirée',
        },
        'named-key': {
          create: 'Clé de client {target} créée',
          rotate: 'Clé de client {target} renouvelée',
          disable: 'Clé de client {target} désactivée',
          enable: 'Clé de client {target} activée',
          'schedule-deletion': 'Suppression de la clé de client {target} prévue',
          'cancel-deletion': 'Clé de client {target} conservée',
          destroyed: 'Clé de client {target} détruite',
        },
      },
    },
  },
  notices: {
    'switch-thrown-again': 'Le chiffrement a été basculé de nouveau.',
    'namespace-shredded': 'Les clés de cet espace de noms sont détruites, ou vont l’être.',
    'blobs-unreadable':
      '{count, plural, one {# objet ou partie n’a pas pu être lu et reste en l’état. Le journal le nomme.} other {# objets ou parties n’ont pas pu être lus et restent en l’état. Le journal les nomme.}}',
    interrupted: 'En attente, avec un nouvel essai toutes les quelques secondes : {reason}',
    failed: '{reason}',
    'keys-destroyed': 'Les clés de cet espace de noms sont détruites.',
    'keys-unreadable':
      '{count, plural, one {# clé ne s’ouvre pas et reste en l’état.} other {# clés ne s’ouvrent pas et restent en l’état.}}',
    'legal-hold': 'Des objets du bucket {bucket} font l’objet d’une conservation légale.',
    'locked-until': 'Des objets du bucket {bucket} sont sous verrou de conformité jusqu’au {until}.',
    'version-active': 'Les nouvelles données emploient cette version. Renouvelez d’abord la clé.',
    'version-in-use':
      '{count, plural, one {# clé est enveloppée} other {# clés sont enveloppées}} par la version {version}. Ré-enveloppez d’abord les clés de données.',
    'root-key-active': 'Cette clé racine est employée. Renouvelez-la d’abord.',
    'root-key-in-use':
      '{count, plural, one {# clé ou secret ne s’ouvre} other {# clés et secrets ne s’ouvrent}} qu’avec cette clé racine ; le ré-enveloppement sous la nouvelle se fait de lui-même.',
    'root-key-uncertain':
      'Il n’est pas encore certain que tout soit sous la nouvelle clé racine. Réessayez dans quelques minutes.',
    'root-key-needed-until': 'Des jetons de session peuvent avoir besoin de cette clé racine jusqu’au {until}.',
    'shred-scheduled': 'La destruction des clés est déjà prévue.',
    'no-shred-scheduled': 'Aucune destruction n’est plus prévue.',
  },
  rootKeys: {
    title: 'Chiffrement',
    lead: 'La clé racine enveloppe les clés de chaque espace de noms. Elle ne quitte jamais son fournisseur.',
    kind: {
      file: 'Fichier de clés',
      env: 'Variable d’environnement',
      'aws-kms': 'AWS KMS',
      vault: 'Moteur transit de Vault',
      pkcs11: 'Jeton matériel (PKCS #11)',
    },
    kindText: {
      file: 'Les clés racines sont dans un fichier que seul le service peut lire. Gardez-en une copie à part des données.',
      env: 'La clé racine vient de l’environnement : pour le développement, pas pour des données qui comptent.',
      'aws-kms': 'La clé racine est dans un service de gestion de clés, qui enveloppe et ouvre à la demande.',
      vault: 'La clé racine est dans un moteur transit, qui enveloppe et ouvre à la demande.',
      pkcs11: 'La clé racine est dans un jeton, qui enveloppe et ouvre à la demande.',
    },
    health: { ok: 'Joignable', unreachable: 'Injoignable' },
    unreachableText:
      'Les espaces de noms chiffrés répondent 503 dès que les clés en mémoire ont plus de 5 minutes. Rien n’est écrit en clair à la place.',
    fipsOn: 'Mode FIPS',
    fipsOff: 'Hors mode FIPS',
    fipsOnHint: 'Seuls des algorithmes approuvés sont employés, par le fournisseur FIPS d’OpenSSL configuré',
    fipsOffHint: 'Apte à FIPS avec un fournisseur OpenSSL validé : voir SCEAU_FIPS',
    keysTitle: 'Clés racines',
    keysText:
      'Le renouvellement ré-enveloppe chaque clé sous une nouvelle clé racine, pendant que les clients continuent. Aucune donnée n’est réécrite.',
    cannotRotate: 'Ce fournisseur ne crée pas de clé racine de lui-même.',
    rotating: 'Ré-enveloppement sous la nouvelle clé racine',
    settling:
      'Tout est ré-enveloppé. Quelques minutes d’attente, jusqu’à ce qu’aucun processus ne puisse plus employer l’ancienne clé racine.',
    version: 'Version {version}',
    states: { active: 'Active', 'decrypt-only': 'Déchiffre seulement', retired: 'Retirée' },
    wraps: '{count, plural, =0 {n’enveloppe rien} one {enveloppe # clé ou secret} other {enveloppe # clés et secrets}}',
    createdAt: 'créée <time></time>',
    retiredAt: 'retirée <time></time>',
    neededUntil: 'Des jetons de session peuvent en avoir besoin jusqu’au {date}.',
    retireBlocked: 'Elle pourra être retirée quand elle n’enveloppera plus rien.',
    copyId: 'Copier l’identifiant de cette clé racine',
    rotate: {
      action: 'Renouveler la clé racine',
      title: 'Renouveler la clé racine ?',
      text: 'Cela concerne tous les espaces de noms. Une nouvelle clé racine est créée, et tout ce que l’actuelle enveloppe est ré-enveloppé. Sauvegardez ensuite les clés du fournisseur.',
      toast: 'Une nouvelle clé racine est employée',
    },
    retire: {
      action: 'Retirer',
      title: 'Retirer cette clé racine ?',
      text: 'Plus rien n’en a besoin. Les sauvegardes de la base d’avant le renouvellement deviennent illisibles. C’est irréversible.',
      toast: 'La clé racine est retirée',
    },
    coverage: 'Par espace de noms',
    noNamespaces: 'Il n’y a pas encore d’espace de noms.',
    signingKey: 'Clé de signature',
    signingKeyText:
      'Les attestations et les procès-verbaux sont signés avec elle. Notez-la à part, pour reconnaître un faux.',
    publicKey: 'Clé publique (Ed25519)',
    keyId: 'Identifiant',
    copyPublicKey: 'Copier la clé publique',
    copyKeyId: 'Copier l’identifiant',
  },
}
