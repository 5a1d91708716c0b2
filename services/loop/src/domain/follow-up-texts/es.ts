import { type FollowUpTexts } from './texts.js';

export const es: FollowUpTexts = {
  language: 'es',
  direction: 'ltr',
  questions: {
    csat: {
      question: '¿Qué grado de satisfacción tiene con la solución?',
      lowest: 'muy baja',
      highest: 'muy alta',
    },
    ces: { question: '¿Fue fácil conseguir una solución?', lowest: 'muy difícil', highest: 'muy fácil' },
  },
  mail: {
    subject: '¿Está resuelto? Una pregunta breve',
    opening: 'Nos contó algo y creemos que ya nos hemos ocupado de ello.',
    invitation: 'Elija un número; lo confirmará en la página que se abre.',
    closing: 'Este enlace es solo para usted y funciona hasta el {date}. No tiene obligación de responder.',
  },
  notice: {
    subject: 'Hemos cambiado algo gracias a usted',
    opening: 'Usted nos comentó algo, y eso ha llevado a un cambio:',
  },
  page: {
    title: 'Su respuesta',
    scoreLabel: '{score} de {highest}',
    wordsLabel: '¿Quiere contarnos algo más? (opcional)',
    send: 'Enviar respuesta',
    scoreMissing: 'Elija un número, por favor.',
    wordsTooLong: 'Su texto no se puede enviar así: es demasiado largo o tiene caracteres que no podemos guardar.',
    thanks: 'Gracias por su respuesta.',
    youAnswered: 'Ha respondido {score} de {highest}.',
    confirmed: 'Nos alegra que esté resuelto. El asunto queda cerrado.',
    objected: 'Lo sentimos. Hemos reabierto el asunto y alguien se ocupará de él.',
    neutral: 'Hemos anotado su respuesta.',
    late: 'Hemos anotado su respuesta. Entretanto el asunto había avanzado, así que su respuesta no lo ha cambiado.',
    addWords: 'Su respuesta queda registrada. Puede añadir unas palabras.',
    sendWords: 'Enviar texto',
    wordsTaken: 'También hemos recibido su texto.',
    expiredTitle: 'Este enlace ya no es válido',
    expired: 'El plazo para responder ha terminado. Escríbanos de nuevo si queda algo pendiente.',
    unknownTitle: 'Este enlace no existe',
    unknown: 'Compruebe que la dirección está completa.',
    failedTitle: 'No ha funcionado',
    failed: 'No se ha perdido nada. Inténtelo de nuevo en un momento.',
  },
};
