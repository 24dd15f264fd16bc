import type { Language } from '../templates/language.js';
import type { LinkMailKind } from './link-mail.js';

/** A language's words for one kind. */
interface KindWording {
  readonly subject: string;
  readonly body: string;
  /** The link's own text. */
  readonly action?: string;
  /** What to do where the reader has not asked for it. */
  readonly unasked: string;
}

/** A language's words. */
export interface LinkWording {
  readonly kinds: (issuer: string) => Readonly<Record<LinkMailKind, KindWording>>;
  /** Of a new password where a second factor is active. */
  readonly asksSecondFactor: string;
  /** Of a new password where the address was never confirmed. */
  readonly confirmsAddress: string;
  /** Of an address that was confirmed, where the second factor went. */
  readonly secondFactorGone: string;
  readonly valid: (hours: number, minutes: number) => string;
  /** Before the token, which stands on a line of its own. */
  readonly token: string;
  readonly footer: (issuer: string) => string;
}

/** Mails about addresses and passwords in every language that messages are written in. */
export const LINK_WORDINGS: Readonly<Record<Language, LinkWording>> = {
  en: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer}: confirm your e-mail address`,
        body: `Somebody, hopefully you, made a ${issuer} account with this address. If it was you, confirm the address with the password that you chose.`,
        action: 'Confirm this address',
        unasked:
          'If it was not you, ignore this mail: without it the other person cannot confirm the address. If you want the account yourself, open the link and choose a new password. That removes what the other person has set up.',
      },
      change_email: {
        subject: `${issuer}: confirm your new e-mail address`,
        body: `Somebody, hopefully you, wants to use this address for a ${issuer} account. Confirm that it is yours.`,
        action: 'Confirm this address',
        unasked: 'If you did not ask for it, ignore this mail.',
      },
      email_change_requested: {
        subject: `${issuer}: your e-mail address is about to change`,
        body: `Somebody who is logged in to your ${issuer} account asked for another e-mail address. It changes once the new address is confirmed.`,
        unasked:
          'If it was not you, change your password now and end all other sessions. The new password cancels the request.',
      },
      reset_password: {
        subject: `${issuer}: choose a new password`,
        body: `Somebody, hopefully you, asked for a new password for your ${issuer} account.`,
        action: 'Choose a new password',
        unasked: 'If it was not you, ignore this mail: nothing has changed.',
      },
      already_registered: {
        subject: `${issuer}: you have an account already`,
        body: `Somebody, hopefully you, tried to make a ${issuer} account with this address, but there is one already. Log in; if you do not know the password, ask for a new one on the login page.`,
        unasked: 'If it was not you, ignore this mail: nothing has changed.',
      },
      address_confirmed: {
        subject: `${issuer}: your e-mail address is confirmed`,
        body: `This address is confirmed for your ${issuer} account. What was set up with it before and with another password has ended: registrations, sessions, trusted devices and second factors.`,
        unasked: 'If it was not you, ask for a new password and look through your second factors.',
      },
    }),
    asksSecondFactor: 'Your second factor will still be asked for.',
    confirmsAddress:
      'Your address was never confirmed. A new password confirms it, and removes what the account has: sessions, trusted devices and second factors.',
    secondFactorGone:
      'The second factor of the account was removed as well: set up your own after you have logged in.',
    valid: (hours, minutes) =>
      hours > 0
        ? `The link is valid for ${hours} hours and can be used once.`
        : `The link is valid for ${minutes} minutes and can be used once.`,
    token: 'Or enter this where you are asked for it:',
    footer: (issuer) => `Sent by ${issuer} about your account.`,
  },
  de: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer}: Bestätigen Sie Ihre E-Mail-Adresse`,
        body: `Jemand, hoffentlich Sie, hat mit dieser Adresse ein Konto bei ${issuer} angelegt. Bestätigen Sie mit dem Passwort, das dabei gewählt wurde, dass sie Ihnen gehört. Vorher gilt sie nicht.`,
        action: 'Adresse bestätigen',
        unasked:
          'Wenn Sie es nicht waren, beachten Sie diese Mail nicht. Ohne sie kann niemand die Adresse bestätigen. Sie können dort auch ein neues Passwort wählen; das entfernt, was andere eingerichtet haben.',
      },
      change_email: {
        subject: `${issuer}: Bestätigen Sie Ihre neue E-Mail-Adresse`,
        body: `Diese Adresse soll die eines Kontos bei ${issuer} werden, sobald Sie bestätigen, dass sie Ihnen gehört.`,
        action: 'Adresse bestätigen',
        unasked: 'Wenn Sie das nicht wollten, beachten Sie diese Mail nicht.',
      },
      email_change_requested: {
        subject: `${issuer}: Ihre E-Mail-Adresse soll sich ändern`,
        body: `Jemand, der bei Ihrem Konto ${issuer} angemeldet ist, möchte eine andere E-Mail-Adresse. Sie gilt, sobald die neue Adresse bestätigt ist.`,
        unasked:
          'Wenn Sie es nicht waren, ändern Sie sofort Ihr Passwort und beenden Sie alle anderen Sitzungen: damit verfällt auch der Wunsch.',
      },
      reset_password: {
        subject: `${issuer}: Wählen Sie ein neues Passwort`,
        body: `Jemand, hoffentlich Sie, hat für Ihr Konto bei ${issuer} ein neues Passwort angefordert.`,
        action: 'Neues Passwort wählen',
        unasked: 'Wenn Sie es nicht waren, beachten Sie diese Mail nicht: nichts hat sich geändert.',
      },
      already_registered: {
        subject: `${issuer}: Sie haben schon ein Konto`,
        body: `Jemand, hoffentlich Sie, wollte mit dieser Adresse ein Konto bei ${issuer} anlegen, die schon eines hat. Melden Sie sich damit an; wenn Sie das Passwort nicht kennen, fordern Sie dort ein neues an.`,
        unasked: 'Wenn Sie es nicht waren, beachten Sie diese Mail nicht: nichts hat sich geändert.',
      },
      address_confirmed: {
        subject: `${issuer}: Ihre E-Mail-Adresse ist bestätigt`,
        body: `Diese Adresse ist für Ihr Konto bei ${issuer} bestätigt. Was vorher mit ihr und einem anderen Passwort eingerichtet wurde, ist beendet: Registrierungen, Sitzungen, vertraute Geräte und zweite Faktoren.`,
        unasked:
          'Wenn Sie es nicht waren, fordern Sie ein neues Passwort an und sehen Sie Ihre zweiten Faktoren durch.',
      },
    }),
    asksSecondFactor: 'Nach dem zweiten Faktor werden Sie weiterhin gefragt.',
    confirmsAddress:
      'Ihre Adresse wurde nie bestätigt. Ein neues Passwort bestätigt sie und entfernt, was das Konto hat: Sitzungen, vertraute Geräte und zweite Faktoren.',
    secondFactorGone:
      'Auch der zweite Faktor des Kontos wurde entfernt: Richten Sie nach der Anmeldung Ihren eigenen ein.',
    valid: (hours, minutes) =>
      hours > 0
        ? `Der Link gilt ${hours} Stunden und einmal.`
        : `Der Link gilt ${minutes} Minuten und einmal.`,
    token: 'Oder geben Sie dies ein, wo Sie danach gefragt werden:',
    footer: (issuer) => `Gesendet von ${issuer} zu Ihrem Konto.`,
  },
  fr: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer} : confirmez votre adresse e-mail`,
        body: `Quelqu’un, vous sans doute, a créé un compte ${issuer} avec cette adresse. Confirmez qu’elle est à vous, avec le mot de passe choisi alors. Avant cela, elle ne compte pas.`,
        action: 'Confirmer cette adresse',
        unasked:
          'Si ce n’était pas vous, ignorez ce message : sans lui, personne ne peut confirmer l’adresse. Vous pouvez aussi y choisir un nouveau mot de passe, ce qui supprime ce que d’autres ont mis en place.',
      },
      change_email: {
        subject: `${issuer} : confirmez votre nouvelle adresse e-mail`,
        body: `Cette adresse doit devenir celle d’un compte ${issuer}, dès que vous aurez confirmé qu’elle est à vous.`,
        action: 'Confirmer cette adresse',
        unasked: 'Si vous ne l’avez pas demandé, ignorez ce message.',
      },
      email_change_requested: {
        subject: `${issuer} : votre adresse e-mail va changer`,
        body: `Une personne connectée à votre compte ${issuer} a demandé une autre adresse e-mail. Elle changera dès que la nouvelle adresse sera confirmée.`,
        unasked:
          'Si ce n’était pas vous, changez tout de suite votre mot de passe et fermez les autres sessions : la demande tombera avec elles.',
      },
      reset_password: {
        subject: `${issuer} : choisissez un nouveau mot de passe`,
        body: `Quelqu’un, vous sans doute, a demandé un nouveau mot de passe pour votre compte ${issuer}.`,
        action: 'Choisir un nouveau mot de passe',
        unasked: 'Si ce n’était pas vous, ignorez ce message : rien n’a changé.',
      },
      already_registered: {
        subject: `${issuer} : vous avez déjà un compte`,
        body: `Quelqu’un, vous sans doute, a voulu créer un compte ${issuer} avec cette adresse, qui en a déjà un. Connectez-vous avec elle ; si vous ne connaissez pas le mot de passe, demandez-en un nouveau.`,
        unasked: 'Si ce n’était pas vous, ignorez ce message : rien n’a changé.',
      },
      address_confirmed: {
        subject: `${issuer} : votre adresse e-mail est confirmée`,
        body: `Cette adresse est confirmée pour votre compte ${issuer}. Ce qui avait été mis en place auparavant avec elle et un autre mot de passe a pris fin : inscriptions, sessions, appareils de confiance et seconds facteurs.`,
        unasked: 'Si ce n’était pas vous, demandez un nouveau mot de passe et vérifiez vos seconds facteurs.',
      },
    }),
    asksSecondFactor: 'Votre second facteur vous sera toujours demandé.',
    confirmsAddress:
      'Votre adresse n’a jamais été confirmée. Un nouveau mot de passe la confirme et supprime ce que le compte possède : sessions, appareils de confiance et seconds facteurs.',
    secondFactorGone:
      'Le second facteur du compte a lui aussi été supprimé : configurez le vôtre après vous être connecté.',
    valid: (hours, minutes) =>
      hours > 0
        ? `Le lien est valable ${hours} heures, une seule fois.`
        : `Le lien est valable ${minutes} minutes, une seule fois.`,
    token: 'Ou saisissez ceci là où on vous le demande :',
    footer: (issuer) => `Envoyé par ${issuer} au sujet de votre compte.`,
  },
  es: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer}: confirme su dirección de correo`,
        body: `Alguien, seguramente usted, ha creado una cuenta de ${issuer} con esta dirección. Confirme que es suya con la contraseña que se eligió entonces. Hasta ese momento no cuenta.`,
        action: 'Confirmar esta dirección',
        unasked:
          'Si no ha sido usted, no haga caso de este mensaje: sin él nadie puede confirmar la dirección. También puede elegir allí una contraseña nueva, lo que elimina lo que otros hayan configurado.',
      },
      change_email: {
        subject: `${issuer}: confirme su nueva dirección de correo`,
        body: `Esta dirección va a ser la de una cuenta de ${issuer}, en cuanto confirme que es suya.`,
        action: 'Confirmar esta dirección',
        unasked: 'Si no lo ha pedido, no haga caso de este mensaje.',
      },
      email_change_requested: {
        subject: `${issuer}: su dirección de correo va a cambiar`,
        body: `Alguien con sesión iniciada en su cuenta de ${issuer} ha pedido otra dirección de correo. Cambiará cuando se confirme la nueva.`,
        unasked:
          'Si no ha sido usted, cambie enseguida su contraseña y cierre las demás sesiones: con ello la petición queda anulada.',
      },
      reset_password: {
        subject: `${issuer}: elija una contraseña nueva`,
        body: `Alguien, seguramente usted, ha pedido una contraseña nueva para su cuenta de ${issuer}.`,
        action: 'Elegir una contraseña nueva',
        unasked: 'Si no ha sido usted, no haga caso de este mensaje: nada ha cambiado.',
      },
      already_registered: {
        subject: `${issuer}: ya tiene una cuenta`,
        body: `Alguien, seguramente usted, ha querido crear una cuenta de ${issuer} con esta dirección, que ya tiene una. Inicie sesión con ella; si no sabe la contraseña, pida allí una nueva.`,
        unasked: 'Si no ha sido usted, no haga caso de este mensaje: nada ha cambiado.',
      },
      address_confirmed: {
        subject: `${issuer}: su dirección de correo está confirmada`,
        body: `Esta dirección está confirmada para su cuenta de ${issuer}. Lo que se había configurado antes con ella y otra contraseña ha terminado: registros, sesiones, dispositivos de confianza y segundos factores.`,
        unasked: 'Si no ha sido usted, pida una contraseña nueva y revise sus segundos factores.',
      },
    }),
    asksSecondFactor: 'Se le seguirá pidiendo el segundo factor.',
    confirmsAddress:
      'Su dirección nunca se ha confirmado. Una contraseña nueva la confirma y elimina lo que tiene la cuenta: sesiones, dispositivos de confianza y segundos factores.',
    secondFactorGone:
      'También se ha eliminado el segundo factor de la cuenta: configure el suyo después de iniciar sesión.',
    valid: (hours, minutes) =>
      hours > 0
        ? `El enlace vale ${hours} horas, una sola vez.`
        : `El enlace vale ${minutes} minutos, una sola vez.`,
    token: 'O introduzca esto donde se le pida:',
    footer: (issuer) => `Enviado por ${issuer} acerca de su cuenta.`,
  },
  ka: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer}: დაადასტურეთ ელფოსტის მისამართი`,
        body: `ვიღაცამ, იმედია თქვენ, ამ მისამართით შექმნა ანგარიში (${issuer}). დაადასტურეთ მაშინ არჩეული პაროლით, რომ მისამართი თქვენია. მანამდე ის არ ითვლება.`,
        action: 'მისამართის დადასტურება',
        unasked:
          'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას: მის გარეშე მისამართს ვერავინ დაადასტურებს. იქვე შეგიძლიათ აირჩიოთ ახალი პაროლი, რაც წაშლის სხვების მიერ დაყენებულს.',
      },
      change_email: {
        subject: `${issuer}: დაადასტურეთ ელფოსტის ახალი მისამართი`,
        body: `ეს მისამართი ანგარიშის (${issuer}) მისამართი გახდება, როგორც კი დაადასტურებთ, რომ ის თქვენია.`,
        action: 'მისამართის დადასტურება',
        unasked: 'თუ ეს არ მოგითხოვიათ, ნუ მიაქცევთ ამ წერილს ყურადღებას.',
      },
      email_change_requested: {
        subject: `${issuer}: თქვენი ელფოსტის მისამართი იცვლება`,
        body: `ვიღაცამ, ვინც თქვენს ანგარიშშია (${issuer}) შესული, სხვა მისამართი მოითხოვა. ის შეიცვლება, როცა ახალი მისამართი დადასტურდება.`,
        unasked:
          'თუ ეს თქვენ არ იყავით, სასწრაფოდ შეცვალეთ პაროლი და დაასრულეთ სხვა სესიები: მოთხოვნაც გაუქმდება.',
      },
      reset_password: {
        subject: `${issuer}: აირჩიეთ ახალი პაროლი`,
        body: `ვიღაცამ, იმედია თქვენ, თქვენი ანგარიშისთვის (${issuer}) ახალი პაროლი მოითხოვა.`,
        action: 'ახალი პაროლის არჩევა',
        unasked: 'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას: არაფერი შეცვლილა.',
      },
      already_registered: {
        subject: `${issuer}: ანგარიში უკვე გაქვთ`,
        body: `ვიღაცამ, იმედია თქვენ, ამ მისამართით ანგარიშის (${issuer}) შექმნა სცადა, მას კი ანგარიში უკვე აქვს. შედით ამ მისამართით; თუ პაროლი არ იცით, იქვე მოითხოვეთ ახალი.`,
        unasked: 'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას: არაფერი შეცვლილა.',
      },
      address_confirmed: {
        subject: `${issuer}: თქვენი ელფოსტის მისამართი დადასტურებულია`,
        body: `ეს მისამართი დადასტურებულია თქვენი ანგარიშისთვის (${issuer}). რაც მანამდე ამ მისამართითა და სხვა პაროლით იყო დაყენებული, დასრულდა: რეგისტრაციები, სესიები, სანდო მოწყობილობები და მეორე ფაქტორები.`,
        unasked: 'თუ ეს თქვენ არ იყავით, მოითხოვეთ ახალი პაროლი და გადაამოწმეთ მეორე ფაქტორები.',
      },
    }),
    asksSecondFactor: 'მეორე ფაქტორს კვლავ მოგთხოვენ.',
    confirmsAddress:
      'თქვენი მისამართი არასოდეს დადასტურებულა. ახალი პაროლი მას დაადასტურებს და წაშლის იმას, რაც ანგარიშს აქვს: სესიებს, სანდო მოწყობილობებს და მეორე ფაქტორებს.',
    secondFactorGone: 'ანგარიშის მეორე ფაქტორიც წაიშალა: შესვლის შემდეგ დააყენეთ თქვენი.',
    valid: (hours, minutes) =>
      hours > 0 ? `ბმული მოქმედებს ${hours} საათს, ერთხელ.` : `ბმული მოქმედებს ${minutes} წუთს, ერთხელ.`,
    token: 'ან შეიყვანეთ ეს იქ, სადაც მოგთხოვენ:',
    footer: (issuer) => `გამოგზავნილია ${issuer}-ის მიერ თქვენი ანგარიშის შესახებ.`,
  },
};
