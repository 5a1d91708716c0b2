import { type FollowUpTexts } from './texts.js';

export const pt: FollowUpTexts = {
  language: 'pt',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'Qual é o seu grau de satisfação com a solução?',
      lowest: 'muito baixo',
      highest: 'muito alto',
    },
    ces: { question: 'Foi fácil obter uma solução?', lowest: 'muito difícil', highest: 'muito fácil' },
  },
  mail: {
    subject: 'Está resolvido? Uma pergunta breve',
    opening: 'Contou-nos algo e acreditamos que já tratámos do assunto.',
    invitation: 'Escolha um número; a confirmação faz-se na página que se abre.',
    closing: 'Esta ligação é só para si e funciona até {date}. Não é obrigatório responder.',
  },
  notice: {
    subject: 'Mudámos algo graças a si',
    opening: 'Disse-nos algo, e isso levou a uma mudança:',
  },
  page: {
    title: 'A sua resposta',
    scoreLabel: '{score} de {highest}',
    wordsLabel: 'Quer contar-nos mais? (opcional)',
    send: 'Enviar resposta',
    scoreMissing: 'Escolha um número, por favor.',
    wordsTooLong:
      'O seu texto não pode ser enviado assim: é demasiado longo ou tem caracteres que não podemos guardar.',
    thanks: 'Obrigado pela sua resposta.',
    youAnswered: 'Respondeu {score} de {highest}.',
    confirmed: 'Ficamos contentes por estar resolvido. O assunto está encerrado.',
    objected: 'Lamentamos. Reabrimos o assunto e alguém vai tratar dele.',
    neutral: 'Registámos a sua resposta.',
    late: 'Registámos a sua resposta. Entretanto o assunto tinha avançado, por isso a resposta não o alterou.',
    addWords: 'A sua resposta está registada. Pode acrescentar algumas palavras.',
    sendWords: 'Enviar texto',
    wordsTaken: 'Também recebemos o seu texto.',
    expiredTitle: 'Esta ligação já não é válida',
    expired: 'O prazo para responder terminou. Escreva-nos de novo se algo ainda estiver em aberto.',
    unknownTitle: 'Esta ligação não existe',
    unknown: 'Verifique se o endereço está completo.',
    failedTitle: 'Não funcionou',
    failed: 'Nada se perdeu. Tente novamente dentro de momentos.',
  },
};
