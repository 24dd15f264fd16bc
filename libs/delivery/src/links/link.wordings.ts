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
interface LinkWording {
  readonly kinds: (issuer: string) => Readonly<Record<LinkMailKind, KindWording>>;
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
        body: `Somebody, hopefully you, made a ${issuer} account with this address. Confirm that it is yours. You will then log in again.`,
        action: 'Confirm this address',
        unasked: 'If it was not you, ignore this mail.',
      },
      change_email: {
        subject: `${issuer}: confirm your new e-mail address`,
        body: `This address is to become that of a ${issuer} account. It will, once you confirm that it is yours.`,
        action: 'Confirm this address',
        unasked: 'If you did not ask for it, ignore this mail.',
      },
      email_change_requested: {
        subject: `${issuer}: your e-mail address is about to change`,
        body: `Somebody who is logged in to your ${issuer} account asked for another e-mail address. It changes once the new address is confirmed.`,
        unasked:
          'If it was not you, change your password at once and end all other sessions: the request dies with it.',
      },
      reset_password: {
        subject: `${issuer}: choose a new password`,
        body: `Somebody, hopefully you, asked for a new password for your ${issuer} account. Your second factor will still be asked for.`,
        action: 'Choose a new password',
        unasked: 'If it was not you, ignore this mail: nothing has changed.',
      },
      already_registered: {
        subject: `${issuer}: you have an account already`,
        body: `Somebody, hopefully you, tried to make a ${issuer} account with this address, which has one. Log in with it; if you do not know its password, ask for a new one there.`,
        unasked: 'If it was not you, ignore this mail: nothing has changed.',
      },
    }),
    valid: (hours, minutes) =>
      hours > 0
        ? `The link is valid for ${hours} hours, once.`
        : `The link is valid for ${minutes} minutes, once.`,
    token: 'Or enter this where you are asked for it:',
    footer: (issuer) => `Sent by ${issuer} about your account.`,
  },
  de: {
    kinds: (issuer) => ({
      verify_email: {
        subject: `${issuer}: Bestätigen Sie Ihre E-Mail-Adresse`,
        body: `Jemand, hoffentlich Sie, hat mit dieser Adresse ein Konto bei ${issuer} angelegt. Bestätigen Sie, dass sie Ihnen gehört. Danach melden Sie sich neu an.`,
        action: 'Adresse bestätigen',
        unasked: 'Wenn Sie es nicht waren, beachten Sie diese Mail nicht.',
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
        body: `Jemand, hoffentlich Sie, hat für Ihr Konto bei ${issuer} ein neues Passwort angefordert. Nach dem zweiten Faktor werden Sie weiterhin gefragt.`,
        action: 'Neues Passwort wählen',
        unasked: 'Wenn Sie es nicht waren, beachten Sie diese Mail nicht: nichts hat sich geändert.',
      },
      already_registered: {
        subject: `${issuer}: Sie haben schon ein Konto`,
        body: `Jemand, hoffentlich Sie, wollte mit dieser Adresse ein Konto bei ${issuer} anlegen, die schon eines hat. Melden Sie sich damit an; wenn Sie das Passwort nicht kennen, fordern Sie dort ein neues an.`,
        unasked: 'Wenn Sie es nicht waren, beachten Sie diese Mail nicht: nichts hat sich geändert.',
      },
    }),
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
        body: `Quelqu’un, vous sans doute, a créé un compte ${issuer} avec cette adresse. Confirmez qu’elle est à vous. Vous vous connecterez ensuite de nouveau.`,
        action: 'Confirmer cette adresse',
        unasked: 'Si ce n’était pas vous, ignorez ce message.',
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
        body: `Quelqu’un, vous sans doute, a demandé un nouveau mot de passe pour votre compte ${issuer}. Votre second facteur vous sera toujours demandé.`,
        action: 'Choisir un nouveau mot de passe',
        unasked: 'Si ce n’était pas vous, ignorez ce message : rien n’a changé.',
      },
      already_registered: {
        subject: `${issuer} : vous avez déjà un compte`,
        body: `Quelqu’un, vous sans doute, a voulu créer un compte ${issuer} avec cette adresse, qui en a déjà un. Connectez-vous avec elle ; si vous ne connaissez pas le mot de passe, demandez-en un nouveau.`,
        unasked: 'Si ce n’était pas vous, ignorez ce message : rien n’a changé.',
      },
    }),
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
        body: `Alguien, seguramente usted, ha creado una cuenta de ${issuer} con esta dirección. Confirme que es suya. Después inicie sesión de nuevo.`,
        action: 'Confirmar esta dirección',
        unasked: 'Si no ha sido usted, no haga caso de este mensaje.',
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
        body: `Alguien, seguramente usted, ha pedido una contraseña nueva para su cuenta de ${issuer}. Se le seguirá pidiendo el segundo factor.`,
        action: 'Elegir una contraseña nueva',
        unasked: 'Si no ha sido usted, no haga caso de este mensaje: nada ha cambiado.',
      },
      already_registered: {
        subject: `${issuer}: ya tiene una cuenta`,
        body: `Alguien, seguramente usted, ha querido crear una cuenta de ${issuer} con esta dirección, que ya tiene una. Inicie sesión con ella; si no sabe la contraseña, pida allí una nueva.`,
        unasked: 'Si no ha sido usted, no haga caso de este mensaje: nada ha cambiado.',
      },
    }),
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
        body: `ვიღაცამ, იმედია თქვენ, ამ მისამართით შექმნა ანგარიში (${issuer}). დაადასტურეთ, რომ მისამართი თქვენია. შემდეგ ხელახლა შეხვალთ.`,
        action: 'მისამართის დადასტურება',
        unasked: 'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას.',
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
        body: `ვიღაცამ, იმედია თქვენ, თქვენი ანგარიშისთვის (${issuer}) ახალი პაროლი მოითხოვა. მეორე ფაქტორს კვლავ მოგთხოვენ.`,
        action: 'ახალი პაროლის არჩევა',
        unasked: 'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას: არაფერი შეცვლილა.',
      },
      already_registered: {
        subject: `${issuer}: ანგარიში უკვე გაქვთ`,
        body: `ვიღაცამ, იმედია თქვენ, ამ მისამართით ანგარიშის (${issuer}) შექმნა სცადა, მას კი ანგარიში უკვე აქვს. შედით ამ მისამართით; თუ პაროლი არ იცით, იქვე მოითხოვეთ ახალი.`,
        unasked: 'თუ ეს თქვენ არ იყავით, ნუ მიაქცევთ ამ წერილს ყურადღებას: არაფერი შეცვლილა.',
      },
    }),
    valid: (hours, minutes) =>
      hours > 0 ? `ბმული მოქმედებს ${hours} საათს, ერთხელ.` : `ბმული მოქმედებს ${minutes} წუთს, ერთხელ.`,
    token: 'ან შეიყვანეთ ეს იქ, სადაც მოგთხოვენ:',
    footer: (issuer) => `გამოგზავნილია ${issuer}-ის მიერ თქვენი ანგარიშის შესახებ.`,
  },
};
