import type { Language } from '../templates/language.js';
import type { Notice } from './notice.js';

/** What a notice is about. */
interface About {
  readonly issuer: string;
  /** The factor's name in the notice's language. */
  readonly factor: string;
  /** Backup codes that are left. */
  readonly left: number;
}

/** A language's words for notices. */
interface NoticeWording {
  readonly factors: Readonly<Record<string, string>>;
  readonly notices: Readonly<Record<Notice, (about: About) => { subject: string; body: string }>>;
  readonly circumstances: { readonly time: string; readonly address: string; readonly program: string };
  readonly unexpected: string;
  readonly footer: (issuer: string) => string;
}

/** Notices in every language that messages are written in. */
export const WORDINGS: Readonly<Record<Language, NoticeWording>> = {
  en: {
    factors: {
      totp: 'authenticator app',
      sms: 'SMS',
      email: 'e-mail',
      webauthn: 'security key or passkey',
      backup_code: 'backup codes',
    },
    notices: {
      factorAdded: ({ issuer, factor }) => ({
        subject: `${issuer}: a second factor was added (${factor})`,
        body: `A second factor was added to your ${issuer} account: ${factor}.`,
      }),
      factorRemoved: ({ issuer, factor }) => ({
        subject: `${issuer}: a second factor was removed (${factor})`,
        body: `A second factor was removed from your ${issuer} account: ${factor}.`,
      }),
      backupCodesUsed: ({ issuer, left }) => ({
        subject: `${issuer}: a backup code was used`,
        body: `Somebody logged in to your ${issuer} account with a backup code. Codes left: ${left}.`,
      }),
      backupCodesLow: ({ issuer, left }) => ({
        subject: `${issuer}: your backup codes are running low`,
        body: `A backup code of your ${issuer} account was used. Codes left: ${left}. Make new ones while you can log in.`,
      }),
      passwordChanged: ({ issuer }) => ({
        subject: `${issuer}: your password was changed`,
        body: `The password of your ${issuer} account was changed. Other sessions have ended.`,
      }),
      sessionReuse: ({ issuer }) => ({
        subject: `${issuer}: a session was ended for your safety`,
        body: `A key to one of your ${issuer} sessions that had been replaced was used again. Somebody may have copied it, so the session was ended. Log in again where you need to.`,
      }),
    },
    circumstances: { time: 'Time', address: 'Address', program: 'Program' },
    unexpected:
      'If this was not you, change your password at once, end all other sessions, and look through your second factors.',
    footer: (issuer) =>
      `You get this mail because your ${issuer} account tells you of changes to its security.`,
  },
  de: {
    factors: {
      totp: 'Authenticator-App',
      sms: 'SMS',
      email: 'E-Mail',
      webauthn: 'Sicherheitsschlüssel oder Passkey',
      backup_code: 'Ersatzcodes',
    },
    notices: {
      factorAdded: ({ issuer, factor }) => ({
        subject: `${issuer}: Ein zweiter Faktor wurde hinzugefügt (${factor})`,
        body: `Ihrem Konto bei ${issuer} wurde ein zweiter Faktor hinzugefügt: ${factor}.`,
      }),
      factorRemoved: ({ issuer, factor }) => ({
        subject: `${issuer}: Ein zweiter Faktor wurde entfernt (${factor})`,
        body: `Von Ihrem Konto bei ${issuer} wurde ein zweiter Faktor entfernt: ${factor}.`,
      }),
      backupCodesUsed: ({ issuer, left }) => ({
        subject: `${issuer}: Ein Ersatzcode wurde benutzt`,
        body: `Jemand hat sich mit einem Ersatzcode bei Ihrem Konto bei ${issuer} angemeldet. Verbleibende Codes: ${left}.`,
      }),
      backupCodesLow: ({ issuer, left }) => ({
        subject: `${issuer}: Ihre Ersatzcodes gehen zur Neige`,
        body: `Ein Ersatzcode Ihres Kontos bei ${issuer} wurde benutzt. Verbleibende Codes: ${left}. Erstellen Sie neue, solange Sie sich anmelden können.`,
      }),
      passwordChanged: ({ issuer }) => ({
        subject: `${issuer}: Ihr Passwort wurde geändert`,
        body: `Das Passwort Ihres Kontos bei ${issuer} wurde geändert. Andere Sitzungen wurden beendet.`,
      }),
      sessionReuse: ({ issuer }) => ({
        subject: `${issuer}: Eine Sitzung wurde zu Ihrer Sicherheit beendet`,
        body: `Ein bereits ersetzter Schlüssel zu einer Ihrer Sitzungen bei ${issuer} wurde noch einmal benutzt. Jemand könnte ihn kopiert haben, darum wurde die Sitzung beendet. Melden Sie sich dort, wo es nötig ist, neu an.`,
      }),
    },
    circumstances: { time: 'Zeit', address: 'Adresse', program: 'Programm' },
    unexpected:
      'Wenn Sie das nicht waren, ändern Sie sofort Ihr Passwort, beenden Sie alle anderen Sitzungen und sehen Sie Ihre zweiten Faktoren durch.',
    footer: (issuer) =>
      `Sie erhalten diese Mail, weil Ihr Konto bei ${issuer} Sie über Änderungen an seiner Sicherheit informiert.`,
  },
  fr: {
    factors: {
      totp: "application d'authentification",
      sms: 'SMS',
      email: 'e-mail',
      webauthn: "clé de sécurité ou clé d'accès",
      backup_code: 'codes de secours',
    },
    notices: {
      factorAdded: ({ issuer, factor }) => ({
        subject: `${issuer} : un second facteur a été ajouté (${factor})`,
        body: `Un second facteur a été ajouté à votre compte ${issuer} : ${factor}.`,
      }),
      factorRemoved: ({ issuer, factor }) => ({
        subject: `${issuer} : un second facteur a été supprimé (${factor})`,
        body: `Un second facteur a été supprimé de votre compte ${issuer} : ${factor}.`,
      }),
      backupCodesUsed: ({ issuer, left }) => ({
        subject: `${issuer} : un code de secours a été utilisé`,
        body: `Quelqu'un s'est connecté à votre compte ${issuer} avec un code de secours. Codes restants : ${left}.`,
      }),
      backupCodesLow: ({ issuer, left }) => ({
        subject: `${issuer} : il vous reste peu de codes de secours`,
        body: `Un code de secours de votre compte ${issuer} a été utilisé. Codes restants : ${left}. Créez-en de nouveaux tant que vous pouvez vous connecter.`,
      }),
      passwordChanged: ({ issuer }) => ({
        subject: `${issuer} : votre mot de passe a été modifié`,
        body: `Le mot de passe de votre compte ${issuer} a été modifié. Les autres sessions ont été fermées.`,
      }),
      sessionReuse: ({ issuer }) => ({
        subject: `${issuer} : une session a été fermée pour votre sécurité`,
        body: `Une clé déjà remplacée de l'une de vos sessions ${issuer} a été réutilisée. Quelqu'un l'a peut-être copiée : la session a donc été fermée. Reconnectez-vous là où c'est nécessaire.`,
      }),
    },
    circumstances: { time: 'Heure', address: 'Adresse', program: 'Programme' },
    unexpected:
      "Si ce n'était pas vous, changez immédiatement votre mot de passe, fermez toutes les autres sessions et vérifiez vos seconds facteurs.",
    footer: (issuer) =>
      `Vous recevez ce message parce que votre compte ${issuer} vous informe des changements touchant à sa sécurité.`,
  },
  es: {
    factors: {
      totp: 'aplicación de autenticación',
      sms: 'SMS',
      email: 'correo electrónico',
      webauthn: 'llave de seguridad o clave de acceso',
      backup_code: 'códigos de respaldo',
    },
    notices: {
      factorAdded: ({ issuer, factor }) => ({
        subject: `${issuer}: se ha añadido un segundo factor (${factor})`,
        body: `Se ha añadido un segundo factor a su cuenta de ${issuer}: ${factor}.`,
      }),
      factorRemoved: ({ issuer, factor }) => ({
        subject: `${issuer}: se ha eliminado un segundo factor (${factor})`,
        body: `Se ha eliminado un segundo factor de su cuenta de ${issuer}: ${factor}.`,
      }),
      backupCodesUsed: ({ issuer, left }) => ({
        subject: `${issuer}: se ha usado un código de respaldo`,
        body: `Alguien ha iniciado sesión en su cuenta de ${issuer} con un código de respaldo. Códigos restantes: ${left}.`,
      }),
      backupCodesLow: ({ issuer, left }) => ({
        subject: `${issuer}: le quedan pocos códigos de respaldo`,
        body: `Se ha usado un código de respaldo de su cuenta de ${issuer}. Códigos restantes: ${left}. Cree otros nuevos mientras pueda iniciar sesión.`,
      }),
      passwordChanged: ({ issuer }) => ({
        subject: `${issuer}: se ha cambiado su contraseña`,
        body: `Se ha cambiado la contraseña de su cuenta de ${issuer}. Las demás sesiones se han cerrado.`,
      }),
      sessionReuse: ({ issuer }) => ({
        subject: `${issuer}: se ha cerrado una sesión por su seguridad`,
        body: `Se ha vuelto a usar una clave ya sustituida de una de sus sesiones de ${issuer}. Puede que alguien la haya copiado, así que la sesión se ha cerrado. Inicie sesión de nuevo donde lo necesite.`,
      }),
    },
    circumstances: { time: 'Hora', address: 'Dirección', program: 'Programa' },
    unexpected:
      'Si no ha sido usted, cambie su contraseña de inmediato, cierre todas las demás sesiones y revise sus segundos factores.',
    footer: (issuer) =>
      `Recibe este mensaje porque su cuenta de ${issuer} le informa de los cambios en su seguridad.`,
  },
  ka: {
    factors: {
      totp: 'ავთენტიფიკატორის აპლიკაცია',
      sms: 'SMS',
      email: 'ელფოსტა',
      webauthn: 'უსაფრთხოების გასაღები ან passkey',
      backup_code: 'სარეზერვო კოდები',
    },
    notices: {
      factorAdded: ({ issuer, factor }) => ({
        subject: `${issuer}: დაემატა მეორე ფაქტორი (${factor})`,
        body: `თქვენს ანგარიშს (${issuer}) დაემატა მეორე ფაქტორი: ${factor}.`,
      }),
      factorRemoved: ({ issuer, factor }) => ({
        subject: `${issuer}: წაიშალა მეორე ფაქტორი (${factor})`,
        body: `თქვენი ანგარიშიდან (${issuer}) წაიშალა მეორე ფაქტორი: ${factor}.`,
      }),
      backupCodesUsed: ({ issuer, left }) => ({
        subject: `${issuer}: გამოყენებულია სარეზერვო კოდი`,
        body: `თქვენს ანგარიშში (${issuer}) შევიდნენ სარეზერვო კოდით. დარჩენილი კოდები: ${left}.`,
      }),
      backupCodesLow: ({ issuer, left }) => ({
        subject: `${issuer}: სარეზერვო კოდები იწურება`,
        body: `გამოყენებულია თქვენი ანგარიშის (${issuer}) სარეზერვო კოდი. დარჩენილი კოდები: ${left}. შექმენით ახლები, სანამ შესვლა შეგიძლიათ.`,
      }),
      passwordChanged: ({ issuer }) => ({
        subject: `${issuer}: თქვენი პაროლი შეიცვალა`,
        body: `თქვენი ანგარიშის (${issuer}) პაროლი შეიცვალა. სხვა სესიები დასრულდა.`,
      }),
      sessionReuse: ({ issuer }) => ({
        subject: `${issuer}: სესია დასრულდა თქვენი უსაფრთხოებისთვის`,
        body: `თქვენი სესიის (${issuer}) უკვე შეცვლილი გასაღები ხელახლა გამოიყენეს. შესაძლოა, ის ვიღაცამ გადაწერა, ამიტომ სესია დასრულდა. სადაც საჭიროა, ხელახლა შედით.`,
      }),
    },
    circumstances: { time: 'დრო', address: 'მისამართი', program: 'პროგრამა' },
    unexpected:
      'თუ ეს თქვენ არ იყავით, დაუყოვნებლივ შეცვალეთ პაროლი, დაასრულეთ ყველა სხვა სესია და გადაამოწმეთ მეორე ფაქტორები.',
    footer: (issuer) =>
      `ამ წერილს იღებთ, რადგან თქვენი ანგარიში (${issuer}) გატყობინებთ მისი უსაფრთხოების ცვლილებებს.`,
  },
};
