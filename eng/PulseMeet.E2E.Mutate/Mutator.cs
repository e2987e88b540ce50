using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PulseMeet.E2E.Mutate;

/// <summary>Puts every change of a file into it at once, each behind a question whether it is the active one: so the core is compiled once
/// for all of them.</summary>
/// <remarks>Comparisons and logical operators are exchanged, arithmetic is inverted, numbers (but no pointers) are raised by one, conditions negated, and
/// statements and throws taken out. Constants and patterns cannot depend on a question and stay as they are; so do expressions that declare
/// variables.</remarks>
internal sealed class Mutator(SemanticModel model, string file, int firstId, IReadOnlySet<int> disabled) : CSharpSyntaxRewriter
{
    /// <summary>Marks a changed node with the ids in it.</summary>
    public const string Annotation = "mutant";

    private static readonly Dictionary<SyntaxKind, (SyntaxKind Kind, SyntaxKind Token)[]> s_operators = new()
    {
        [SyntaxKind.LessThanExpression] = [(SyntaxKind.LessThanOrEqualExpression, SyntaxKind.LessThanEqualsToken), (SyntaxKind.GreaterThanOrEqualExpression, SyntaxKind.GreaterThanEqualsToken)],
        [SyntaxKind.LessThanOrEqualExpression] = [(SyntaxKind.LessThanExpression, SyntaxKind.LessThanToken), (SyntaxKind.GreaterThanExpression, SyntaxKind.GreaterThanToken)],
        [SyntaxKind.GreaterThanExpression] = [(SyntaxKind.GreaterThanOrEqualExpression, SyntaxKind.GreaterThanEqualsToken), (SyntaxKind.LessThanOrEqualExpression, SyntaxKind.LessThanEqualsToken)],
        [SyntaxKind.GreaterThanOrEqualExpression] = [(SyntaxKind.GreaterThanExpression, SyntaxKind.GreaterThanToken), (SyntaxKind.LessThanExpression, SyntaxKind.LessThanToken)],
        [SyntaxKind.EqualsExpression] = [(SyntaxKind.NotEqualsExpression, SyntaxKind.ExclamationEqualsToken)],
        [SyntaxKind.NotEqualsExpression] = [(SyntaxKind.EqualsExpression, SyntaxKind.EqualsEqualsToken)],
        [SyntaxKind.LogicalAndExpression] = [(SyntaxKind.LogicalOrExpression, SyntaxKind.BarBarToken)],
        [SyntaxKind.LogicalOrExpression] = [(SyntaxKind.LogicalAndExpression, SyntaxKind.AmpersandAmpersandToken)],
        [SyntaxKind.AddExpression] = [(SyntaxKind.SubtractExpression, SyntaxKind.MinusToken)],
        [SyntaxKind.SubtractExpression] = [(SyntaxKind.AddExpression, SyntaxKind.PlusToken)],
        [SyntaxKind.MultiplyExpression] = [(SyntaxKind.DivideExpression, SyntaxKind.SlashToken)],
        [SyntaxKind.DivideExpression] = [(SyntaxKind.MultiplyExpression, SyntaxKind.AsteriskToken)],
        [SyntaxKind.ModuloExpression] = [(SyntaxKind.MultiplyExpression, SyntaxKind.AsteriskToken)],
        [SyntaxKind.LeftShiftExpression] = [(SyntaxKind.RightShiftExpression, SyntaxKind.GreaterThanGreaterThanToken)],
        [SyntaxKind.RightShiftExpression] = [(SyntaxKind.LeftShiftExpression, SyntaxKind.LessThanLessThanToken)],
        [SyntaxKind.BitwiseAndExpression] = [(SyntaxKind.BitwiseOrExpression, SyntaxKind.BarToken)],
        [SyntaxKind.BitwiseOrExpression] = [(SyntaxKind.BitwiseAndExpression, SyntaxKind.AmpersandToken)],
        [SyntaxKind.ExclusiveOrExpression] = [(SyntaxKind.BitwiseOrExpression, SyntaxKind.BarToken)],
    };

    private int _next = firstId;

    public List<Mutant> Mutants { get; } = [];

    /// <summary>The first number that is free behind this file.</summary>
    public int NextId => _next;

    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        var visited = (ExpressionSyntax)base.VisitBinaryExpression(node)!;
        if (!s_operators.TryGetValue(node.Kind(), out (SyntaxKind, SyntaxKind)[]? others) || IsFixed(node) || Declares(node) || !IsValue(node))
        {
            return visited;
        }

        foreach ((SyntaxKind kind, SyntaxKind token) in others)
        {
            visited = Choose(node, visited, BinaryExpression(kind, node.Left, Token(token).WithTriviaFrom(node.OperatorToken), node.Right));
        }

        return visited;
    }

    public override SyntaxNode? VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        var visited = (ExpressionSyntax)base.VisitPrefixUnaryExpression(node)!;
        return node.IsKind(SyntaxKind.LogicalNotExpression) && !IsFixed(node) && !Declares(node) ? Choose(node, visited, node.Operand) : visited;
    }

    public override SyntaxNode? VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        if (IsFixed(node))
        {
            return node;
        }

        return node.Kind() switch
        {
            SyntaxKind.TrueLiteralExpression => Choose(node, node, LiteralExpression(SyntaxKind.FalseLiteralExpression)),
            SyntaxKind.FalseLiteralExpression => Choose(node, node, LiteralExpression(SyntaxKind.TrueLiteralExpression)),
            SyntaxKind.NumericLiteralExpression when !IsPointer(node) => Choose(
                node, node, BinaryExpression(SyntaxKind.AddExpression, node, LiteralExpression(SyntaxKind.NumericLiteralExpression, Literal(1)))),
            _ => node,
        };
    }

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        var visited = (IfStatementSyntax)base.VisitIfStatement(node)!;
        return IsPlain(node.Condition) ? visited.WithCondition(Negate(node.Condition, visited.Condition)) : visited;
    }

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        var visited = (ConditionalExpressionSyntax)base.VisitConditionalExpression(node)!;
        return IsPlain(node.Condition) && !IsFixed(node) ? visited.WithCondition(Negate(node.Condition, visited.Condition)) : visited;
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        var visited = (StatementSyntax)base.VisitExpressionStatement(node)!;
        return Declares(node) || node.Expression is AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.Text: "_" } }
            ? visited
            : Omit(node, visited);
    }

    public override SyntaxNode? VisitThrowStatement(ThrowStatementSyntax node) =>
        Omit(node, (StatementSyntax)base.VisitThrowStatement(node)!);

    private ExpressionSyntax Choose(ExpressionSyntax node, ExpressionSyntax otherwise, ExpressionSyntax change)
    {
        if (!Take(node, change.ToString(), out int id))
        {
            return otherwise;
        }

        ExpressionSyntax chosen = ParenthesizedExpression(ConditionalExpression(
            IsActive(id), ParenthesizedExpression(change.WithoutTrivia()), ParenthesizedExpression(otherwise.WithoutTrivia())));
        ITypeSymbol? type = model.GetTypeInfo(node).ConvertedType;
        if (type is { IsValueType: true, SpecialType: not SpecialType.System_Boolean and not SpecialType.None })
        {
            chosen = ParenthesizedExpression(CastExpression(ParseTypeName(type.ToDisplayString()), chosen));
        }

        return chosen.WithTriviaFrom(node).WithAdditionalAnnotations(new SyntaxAnnotation(Annotation, $"{id}"));
    }

    private ExpressionSyntax Negate(ExpressionSyntax node, ExpressionSyntax visited) => !Take(node, $"!({node})", out int id)
        ? visited
        : ParenthesizedExpression(BinaryExpression(SyntaxKind.NotEqualsExpression, IsActive(id), ParenthesizedExpression(visited)))
            .WithAdditionalAnnotations(new SyntaxAnnotation(Annotation, $"{id}"));

    private StatementSyntax Omit(StatementSyntax node, StatementSyntax visited) => !Take(node, "(left out)", out int id)
        ? visited
        : IfStatement(PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, IsActive(id)), Block(visited))
            .WithAdditionalAnnotations(new SyntaxAnnotation(Annotation, $"{id}"));

    private bool Take(SyntaxNode node, string after, out int id)
    {
        id = _next++;
        if (disabled.Contains(id))
        {
            return false;
        }

        int line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
        Mutants.Add(new Mutant(id, file, line, OneLine(node.ToString()), OneLine(after)));
        return true;
    }

    private static InvocationExpressionSyntax IsActive(int id) =>
        (InvocationExpressionSyntax)ParseExpression($"global::MutantControl.Is({id})");

    /// <summary>Whether the compiler has to know the value, or a change is not the core's own.</summary>
    private static bool IsFixed(SyntaxNode node) => node.Ancestors().TakeWhile(above => above is not StatementSyntax and not TypeDeclarationSyntax)
            .Any(above => above is PatternSyntax or AttributeSyntax or EnumMemberDeclarationSyntax or ParameterSyntax or InterpolationFormatClauseSyntax)
        || node.Ancestors().Any(above => above is FieldDeclarationSyntax field && field.Modifiers.Any(SyntaxKind.ConstKeyword))
        || node.Ancestors().Any(above => above is LocalDeclarationStatementSyntax local && local.IsConst)
        || node.Ancestors().Any(above => above is SwitchLabelSyntax);

    /// <summary>Whether a variable would be declared twice, or perhaps not.</summary>
    private static bool Declares(SyntaxNode node) => node.DescendantNodesAndSelf().Any(
        within => within is DeclarationExpressionSyntax or SingleVariableDesignationSyntax);

    private bool IsValue(ExpressionSyntax node) => model.GetTypeInfo(node).Type is { } type
        && type.SpecialType is SpecialType.System_Boolean or (>= SpecialType.System_SByte and <= SpecialType.System_Double);

    /// <summary>Whether it stands for the null pointer of a native library, which is no more a number than null is.</summary>
    private bool IsPointer(ExpressionSyntax node) =>
        model.GetTypeInfo(node).ConvertedType?.SpecialType is SpecialType.System_IntPtr or SpecialType.System_UIntPtr;

    /// <summary>A condition that no other change negates.</summary>
    private static bool IsPlain(ExpressionSyntax condition) => !Declares(condition)
        && condition is InvocationExpressionSyntax or IdentifierNameSyntax or MemberAccessExpressionSyntax or IsPatternExpressionSyntax && !Declares(condition);

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
