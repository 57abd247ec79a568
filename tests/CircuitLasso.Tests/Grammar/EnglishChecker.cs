namespace CircuitLasso.Tests;

/// <summary>
/// An independent judge of number and gender: a parser of English written by hand that knows the words' features but none of the grammar's
/// rules. It is more liberal than the grammar about what may stand where, and strict about agreement and about what a pronoun refers to.
/// </summary>
internal sealed class EnglishChecker(EnglishLexicon lexicon)
{
    private string[] _words = [];
    private int _furthest;

    /// <summary>Parses a sentence.</summary>
    /// <returns>Whether it is grammatical, and the index of the first word with which no reading of the words before it goes on.</returns>
    public (bool IsGrammatical, int FirstWrongWord) Judge(string sentence)
    {
        _words = sentence.Split(' ');
        _furthest = 0;
        bool grammatical = Sentences().Any(end => end == _words.Length);
        return (grammatical, _furthest);
    }

    private IEnumerable<int> Sentences()
    {
        foreach (Subject subject in Subjects(0).Concat(Pronouns(0, null)))
        {
            foreach (Subject first in Predicates(subject))
            {
                foreach (int end in Accept(first.End, "full_stop"))
                {
                    yield return end;
                }

                foreach (int start in Accept(first.End, "conjunction"))
                {
                    foreach (Subject second in Pronouns(start, first).Concat(Subjects(start)).SelectMany(Predicates))
                    {
                        foreach (int end in Accept(second.End, "full_stop"))
                        {
                            yield return end;
                        }
                    }
                }
            }
        }
    }

    // A noun phrase with at most one modifier: a preposition with a noun phrase, or a relative clause about its subject or its object.
    private IEnumerable<Subject> Subjects(int start)
    {
        foreach (Subject head in NounPhrases(start, null))
        {
            yield return head;
            foreach (int next in Accept(head.End, "preposition"))
            {
                foreach (Subject inner in NounPhrases(next, null))
                {
                    yield return head with { End = inner.End };
                }
            }

            foreach (int next in Accept(head.End, "relative_pronoun"))
            {
                foreach (int verb in Accept(next, "transitive", "number", head.Number))
                {
                    foreach (Subject inner in NounPhrases(verb, null))
                    {
                        yield return head with { End = inner.End };
                    }
                }

                foreach (int verb in Accept(next, "be", "number", head.Number))
                {
                    foreach (int end in Accept(verb, "adjective"))
                    {
                        yield return head with { End = end };
                    }
                }

                foreach (Subject inner in NounPhrases(next, null))
                {
                    foreach (int end in Accept(inner.End, "transitive", "number", inner.Number))
                    {
                        yield return head with { End = end };
                    }
                }
            }
        }
    }

    // Determiner, adjectives, noun; a possessive only where there is an owner for it to refer to.
    private IEnumerable<Subject> NounPhrases(int start, Subject? owner)
    {
        foreach (string number in (string[])["singular", "plural"])
        {
            foreach (int after in Accept(start, "the").Concat(Accept(start, "counting_determiner", "number", number)))
            {
                foreach (Subject phrase in Nouns(after, number))
                {
                    yield return phrase;
                }
            }

            if (owner is { } subject)
            {
                foreach (string gender in subject.Genders)
                {
                    foreach (Subject phrase in Accept(start, "possessive", "number", subject.Number, "gender", gender).SelectMany(after => Nouns(after, number)))
                    {
                        yield return phrase;
                    }
                }
            }
        }
    }

    private IEnumerable<Subject> Nouns(int start, string number)
    {
        foreach (int next in Accept(start, "adjective"))
        {
            foreach (Subject phrase in Nouns(next, number))
            {
                yield return phrase;
            }
        }

        foreach (int end in Accept(start, "noun", "number", number))
        {
            yield return new Subject(end, number, lexicon.Readings(_words[start], "noun").First(form => form.Fits("number", number)).Features["gender"]);
        }
    }

    // A pronoun that refers to the antecedent, or, where there is none, to somebody outside the sentence.
    private IEnumerable<Subject> Pronouns(int start, Subject? antecedent)
    {
        string[] numbers = antecedent is { } one ? [one.Number] : ["singular", "plural"];
        string[] genders = antecedent is { } other ? other.Genders : ["masculine", "feminine", "neuter"];
        foreach (string number in numbers)
        {
            foreach (string gender in genders)
            {
                foreach (int end in Accept(start, "pronoun", "number", number, "gender", gender))
                {
                    yield return new Subject(end, number, [gender]);
                }
            }
        }
    }

    // All predicates of the subject; the result carries the subject's number and gender on, with the end of the predicate.
    private IEnumerable<Subject> Predicates(Subject subject)
    {
        int start = subject.End;
        foreach (int verb in Accept(start, "be", "number", subject.Number))
        {
            foreach (int end in Accept(verb, "adjective").Concat(Accept(verb, "preposition").SelectMany(next => NounPhrases(next, null).Select(phrase => phrase.End))))
            {
                yield return subject with { End = end };
            }
        }

        foreach (int verb in Accept(start, "do", "number", subject.Number).SelectMany(next => Accept(next, "negation")))
        {
            // After "do not" stands the bare form, which all of these verbs share with the plural of the present.
            foreach (Subject predicate in VerbPhrases(subject, verb, "plural", presentOnly: true))
            {
                yield return predicate;
            }
        }

        foreach (int verb in Accept(start, "frequency_adverb").Prepend(start))
        {
            foreach (Subject predicate in VerbPhrases(subject, verb, subject.Number, presentOnly: false))
            {
                yield return predicate;
            }
        }
    }

    private IEnumerable<Subject> VerbPhrases(Subject subject, int start, string number, bool presentOnly)
    {
        foreach (string tense in presentOnly ? (string[])["present"] : ["present", "past"])
        {
            foreach (int end in Accept(start, "intransitive", "number", number, "tense", tense))
            {
                foreach (int last in Accept(end, "manner_adverb").Prepend(end))
                {
                    yield return subject with { End = last };
                }
            }

            foreach (int verb in Accept(start, "transitive", "number", number, "tense", tense))
            {
                foreach (Subject phrase in NounPhrases(verb, subject))
                {
                    yield return subject with { End = phrase.End };
                }

                foreach (string gender in subject.Genders)
                {
                    foreach (int end in Accept(verb, "reflexive_pronoun", "number", subject.Number, "gender", gender))
                    {
                        yield return subject with { End = end, Genders = [gender] };
                    }
                }
            }
        }
    }

    // The position after the word at the index if it has a reading of the category with those features.
    private IEnumerable<int> Accept(int index, string category, params string[] features)
    {
        if (index < _words.Length && lexicon.Readings(_words[index], category).Any(form => features.Chunk(2).All(pair => form.Fits(pair[0], pair[1]))))
        {
            _furthest = Math.Max(_furthest, index + 1);
            yield return index + 1;
        }
    }

    private readonly record struct Subject(int End, string Number, string[] Genders);
}
