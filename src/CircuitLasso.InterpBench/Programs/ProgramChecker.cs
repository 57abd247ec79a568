namespace CircuitLasso.InterpBench;

/// <summary>Checks the nodes of a program against each other and makes a step of each: what values it can have, whether a table is complete.</summary>
internal sealed class ProgramChecker
{
    private const int MaximumCells = 1 << 22;

    private readonly ProgramJson _json;
    private readonly ProgramSurroundings _surroundings;
    private readonly Dictionary<string, ProgramVariable> _variables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Selector> _selectors = new(StringComparer.Ordinal);
    private readonly List<ProgramStep> _steps = [];
    private long _cells;

    private ProgramChecker(ProgramJson json, ProgramSurroundings surroundings)
    {
        _json = json;
        _surroundings = surroundings;
    }

    public static CheckedProgram Check(ProgramJson json, ProgramSurroundings surroundings, IReadOnlyList<ProgramNode> nodes, string output)
    {
        ProgramChecker checker = new(json, surroundings);
        IReadOnlyList<ProgramNode> ordered = ProgramNodeOrder.Sort(json, nodes);
        foreach (ProgramNode node in ordered)
        {
            checker.Add(node);
        }

        if (nodes.FirstOrDefault(node => node.IsOutput && node.Id != output) is { } other)
        {
            throw json.NodeError(other.Id, $"is marked as output, but the program's output is '{output}'");
        }

        return new CheckedProgram
        {
            Nodes = ordered,
            Variables = checker._variables,
            Selectors = checker._selectors,
            Steps = checker._steps,
            Output = checker._variables.GetValueOrDefault(output) ?? throw json.Error($"the output '{output}' is no variable of the program"),
        };
    }

    private void Add(ProgramNode node)
    {
        RequireInputs(node);
        switch (node.Operation)
        {
            case ProgramOperation.Tokens:
                Add(new InputStep(Create(node, _surroundings.Vocabulary, canBeNull: false, varies: true)));
                break;
            case ProgramOperation.Indices:
                Add(new InputStep(Create(node, Whole(0, _surroundings.Positions - 1), canBeNull: false, varies: false)));
                break;
            case ProgramOperation.Map or ProgramOperation.SequenceMap:
                AddTable(node);
                break;
            case ProgramOperation.Linear:
                AddLinear(node);
                break;
            case ProgramOperation.Select:
                AddSelector(node);
                break;
            case ProgramOperation.Aggregate:
                AddAggregate(node);
                break;
            case ProgramOperation.SelectorWidth:
                Selector selector = _selectors[node.Inputs[0]];
                Add(new SelectorWidthStep(Create(node, Whole(0, _surroundings.Positions), canBeNull: false, selector.VariesWithTokens), selector));
                break;
            case ProgramOperation.LastPreviousOccurrence:
                ProgramVariable repeated = Categorical(node, 0);
                Add(new LastPreviousOccurrenceStep(Create(node, Whole(-1, _surroundings.Positions - 1), canBeNull: false, repeated.VariesWithTokens), repeated));
                break;
            case ProgramOperation.Gather:
                ProgramVariable gathered = Categorical(node, 0);
                ProgramVariable places = Numbers(node, 1);
                bool moves = gathered.VariesWithTokens || places.VariesWithTokens;
                Add(new GatherStep(Create(node, gathered.Values, canBeNull: true, moves), gathered, places, _surroundings.IsCausal));
                break;
            default:
                AddScore(node);
                break;
        }
    }

    // Selectors where selectors belong, variables everywhere else, and as many as the operation takes.
    private void RequireInputs(ProgramNode node)
    {
        (int least, int most) = node.Operation switch
        {
            ProgramOperation.Tokens or ProgramOperation.Indices => (0, 0),
            ProgramOperation.Map or ProgramOperation.SelectorWidth or ProgramOperation.LastPreviousOccurrence => (1, 1),
            ProgramOperation.Linear => (1, 16),
            _ => (2, 2),
        };
        if (node.Inputs.Count < least || node.Inputs.Count > most)
        {
            string needed = least == most ? least == 0 ? "none" : $"{least}" : $"{least} to {most}";
            throw _json.NodeError(node.Id, $"has {node.Inputs.Count} inputs, but its operation takes {needed}");
        }

        for (int i = 0; i < node.Inputs.Count; i++)
        {
            bool wantsSelector = i == 0 && node.Operation is ProgramOperation.Aggregate or ProgramOperation.SelectorWidth;
            if (_selectors.ContainsKey(node.Inputs[i]) != wantsSelector)
            {
                throw _json.NodeError(node.Id, $"reads '{node.Inputs[i]}', which {(wantsSelector ? "is no selector" : "is a selector and no variable")}");
            }
        }
    }

    private void AddTable(ProgramNode node)
    {
        ProgramVariable first = Categorical(node, 0);
        ProgramVariable? second = node.Inputs.Count == 2 ? Categorical(node, 1) : null;
        int width = second?.Values.Count ?? 1;
        ProgramValue?[] cells = new ProgramValue?[Cells(node, first.Values.Count, width)];
        bool[] stated = new bool[cells.Length];
        foreach ((ProgramValue[] inputs, ProgramValue? result) in node.Table ?? throw _json.NodeError(node.Id, "has no table"))
        {
            int row = Code(node, first, inputs[0]);
            int cell = second is null ? row : (row * width) + Code(node, second, inputs[1]);
            if (stated[cell])
            {
                throw _json.NodeError(node.Id, $"has the table entry {Entry(first, second, cell)} twice");
            }

            stated[cell] = true;
            cells[cell] = result;
        }

        if (Array.IndexOf(stated, false) is >= 0 and int missing)
        {
            throw _json.NodeError(node.Id, $"has no table entry for {Entry(first, second, missing)}");
        }

        bool numerical = node.Numerical ?? false;
        bool canBeNull = first.CanBeNull || second is { CanBeNull: true } || Array.IndexOf(cells, null) >= 0;
        bool varies = (first.VariesWithTokens || second is { VariesWithTokens: true }) && !(Array.TrueForAll(cells, cell => Equals(cell, cells[0])) && !canBeNull);
        ProgramValue[] results = [.. cells.OfType<ProgramValue>().Distinct().Order(Comparer<ProgramValue>.Create(ProgramValue.Compare))];
        if (numerical && Array.Find(results, result => result.Number is null) is { } text)
        {
            throw _json.NodeError(node.Id, $"is numerical, but its table has the result {ProgramJson.Short(text)}");
        }

        ProgramVariable output = Create(node, numerical ? null : results, canBeNull, varies);
        double[] outcomes = [.. cells.Select(cell => numerical ? cell?.Number ?? double.NaN : cell is null ? -1 : output.CodeOf(cell))];
        Add(new TableStep(output, first, second, outcomes));
    }

    private void AddLinear(ProgramNode node)
    {
        ProgramVariable[] inputs = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Numbers(node, i))];
        double[] coefficients = [.. node.Coefficients ?? throw _json.NodeError(node.Id, "has no coefficients")];
        if (coefficients.Length != inputs.Length)
        {
            throw _json.NodeError(node.Id, $"has {coefficients.Length} coefficients for {inputs.Length} inputs");
        }

        if (node.Numerical == false)
        {
            throw _json.NodeError(node.Id, "is a weighted sum, which is numerical and cannot be categorical");
        }

        Add(new LinearStep(Create(node, null, Array.Exists(inputs, input => input.CanBeNull), Array.Exists(inputs, input => input.VariesWithTokens)), inputs, coefficients));
    }

    private void AddSelector(ProgramNode node)
    {
        ProgramVariable keys = Categorical(node, 0);
        ProgramVariable queries = Categorical(node, 1);
        bool[] table = new bool[Cells(node, keys.Values.Count, queries.Values.Count)];
        if (node.TruePairs is { } pairs)
        {
            foreach ((ProgramValue key, ProgramValue query) in pairs)
            {
                int cell = (Code(node, keys, key) * queries.Values.Count) + Code(node, queries, query);
                table[cell] = table[cell] ? throw _json.NodeError(node.Id, $"has the true pair {Entry(keys, queries, cell)} twice") : true;
            }
        }
        else
        {
            ProgramPredicate predicate = ProgramPredicate.Parse(node.Predicate ?? throw _json.NodeError(node.Id, "has neither a predicate nor true pairs"))
                ?? throw _json.NodeError(node.Id, $"has the predicate '{node.Predicate}', which is neither 'true' nor of the form 'key <= query' or 'key == query - 1'");
            if (predicate.NeedsNumbers && (keys.Numbers is null || queries.Numbers is null))
            {
                throw _json.NodeError(node.Id, $"has the predicate '{node.Predicate}', but its keys or queries are no numbers");
            }

            for (int cell = 0; cell < table.Length; cell++)
            {
                table[cell] = predicate.Holds(keys.Values[cell / queries.Values.Count], queries.Values[cell % queries.Values.Count]);
            }
        }

        Selector selector = new(keys, queries, table, _surroundings.IsCausal);
        if (selector.HiddenPair() is { } hidden)
        {
            throw _json.NodeError(node.Id, $"lets position {hidden.Query} select the later position {hidden.Key}, which causal attention hides");
        }

        _selectors.Add(node.Id, selector);
    }

    private void AddAggregate(ProgramNode node)
    {
        Selector selector = _selectors[node.Inputs[0]];
        ProgramVariable values = _variables[node.Inputs[1]];
        bool numerical = node.Numerical ?? values.IsNumerical;
        bool canBeNull = values.CanBeNull || (node.Default is null && !selector.AlwaysSelects(_surroundings.Positions));
        bool varies = selector.VariesWithTokens || values.VariesWithTokens;
        if (!numerical && values.IsNumerical)
        {
            throw _json.NodeError(node.Id, $"is categorical, but its values '{values.Id}' are numerical");
        }

        if (!numerical)
        {
            IReadOnlyList<ProgramValue> domain = node.Default is null || values.CodeOf(node.Default) >= 0 ? values.Values : [.. values.Values, node.Default];
            Add(new AggregateStep(Create(node, domain, canBeNull, varies), selector, values, node.Default, _json.Subject));
            return;
        }

        values = Numbers(node, 1);
        if (node.Default is { Number: null })
        {
            throw _json.NodeError(node.Id, $"is numerical, but its default is {ProgramJson.Short(node.Default)}");
        }

        Add(new NumericalAggregateStep(Create(node, null, canBeNull, varies), selector, values, node.Default?.Number ?? double.NaN));
    }

    private void AddScore(ProgramNode node)
    {
        ProgramVariable words = Categorical(node, 0);
        ProgramVariable inhibited = Categorical(node, 1);
        if (!inhibited.Values.SequenceEqual(words.Values))
        {
            throw _json.NodeError(node.Id, $"scores the words of '{words.Id}', but '{inhibited.Id}' has other values");
        }

        bool[] names = new bool[words.Values.Count];
        foreach (ProgramValue name in _surroundings.Names ?? throw _json.NodeError(node.Id, "scores names, but the file has no 'names'"))
        {
            names[Code(node, words, name)] = true;
        }

        Add(new ScoreStep(Create(node, words.Values, canBeNull: false, varies: words.VariesWithTokens || inhibited.VariesWithTokens), words, inhibited, names));
    }

    private void Add(ProgramStep step)
    {
        _steps.Add(step);
        _variables.Add(step.Output.Id, step.Output);
    }

    private ProgramVariable Create(ProgramNode node, IReadOnlyList<ProgramValue>? values, bool canBeNull, bool varies)
    {
        if (values is not null && node.Operation is not (ProgramOperation.Map or ProgramOperation.SequenceMap or ProgramOperation.Aggregate) && node.Numerical == true)
        {
            throw _json.NodeError(node.Id, "cannot be numerical");
        }

        if (node.Values is { } stated && (values is null || values.Except(stated).Any()))
        {
            throw _json.NodeError(node.Id, values is null ? "is numerical, but lists its values" : $"can have the value {ProgramJson.Short(values.Except(stated).First())}, which its 'values' lack");
        }

        return new ProgramVariable(_variables.Count, node.Id, node.Operation, values, canBeNull, varies);
    }

    private ProgramVariable Categorical(ProgramNode node, int input)
    {
        ProgramVariable variable = _variables[node.Inputs[input]];
        return variable.IsNumerical ? throw _json.NodeError(node.Id, $"reads '{variable.Id}', which is numerical; it needs one of finitely many values") : variable;
    }

    private ProgramVariable Numbers(ProgramNode node, int input)
    {
        ProgramVariable variable = _variables[node.Inputs[input]];
        return variable.IsNumerical || variable.Numbers is not null ? variable : throw _json.NodeError(node.Id, $"reads '{variable.Id}', whose values are not all numbers");
    }

    private int Code(ProgramNode node, ProgramVariable variable, ProgramValue value) =>
        variable.CodeOf(value) is >= 0 and int code ? code : throw _json.NodeError(node.Id, $"names the value {ProgramJson.Short(value)}, which '{variable.Id}' never has");

    // Bounded for the whole program, so that a short file cannot ask for much memory.
    private int Cells(ProgramNode node, int rows, int columns)
    {
        _cells += (long)rows * columns;
        return _cells <= MaximumCells
            ? rows * columns
            : throw _json.NodeError(node.Id, $"combines {rows} x {columns} values, with which the program has more than {MaximumCells} combinations");
    }

    private static string Entry(ProgramVariable first, ProgramVariable? second, int cell) =>
        second is null
            ? ProgramJson.Short(first.Values[cell])
            : $"({ProgramJson.Short(first.Values[cell / second.Values.Count])}, {ProgramJson.Short(second.Values[cell % second.Values.Count])})";

    private static ProgramValue[] Whole(int first, int last) => [.. Enumerable.Range(first, last - first + 1).Select(number => ProgramValue.Of(number))];
}
