// Graphs of the Summary report: drawn from data in the page, redrawn in place when it has been refreshed.
(function () {
    "use strict";

    const report = document.getElementById("report");
    const source = document.getElementById("graph-data");
    const charts = new Map();

    // Zero lies at the base of every scale; a plain logarithm has none.
    const SHAPES = {
        log: { to: Math.log1p, from: Math.expm1 },
        power: { to: Math.sqrt, from: function (value) { return value * value; } },
    };

    function shapedScale(id, shape) {
        const scale = class extends Chart.LinearScale {
            getPixelForValue(value) {
                const top = shape.to(this.max);
                return this.getPixelForDecimal(top > 0 ? shape.to(Math.max(0, value)) / top : 0);
            }

            getValueForPixel(pixel) {
                return shape.from(this.getDecimalForPixel(pixel) * shape.to(this.max));
            }

            buildTicks() {
                if (id !== "log") {
                    return super.buildTicks();
                }
                const ticks = [{ value: 0 }];
                for (let value = 1; value < this.max; value *= 10) {
                    ticks.push({ value: value });
                }
                if (this.max < 10 || ticks[ticks.length - 1].value * 2 < this.max) {
                    ticks.push({ value: this.max });
                }
                return ticks;
            }
        };
        scale.id = id;
        scale.defaults = {};
        Chart.register(scale);
    }

    function colour(name) {
        return getComputedStyle(report).getPropertyValue(name).trim();
    }

    function numbers(language) {
        try {
            return new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
        } catch (unknown) {
            return new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
        }
    }

    const SIGNS = { Count: "", Percent: "\u00a0%", Milliseconds: "\u00a0ms", Bytes: "\u00a0B" };

    function sign(unit, language) {
        return unit === "Percent" && language.startsWith("en") ? "%" : SIGNS[unit];
    }

    function datasets(data, lines) {
        const partial = new Set(data.partial);
        const few = data.labels.length <= 40;
        return lines.flatMap(function (line) {
            const shade = colour("--rp-line-" + line.colour);
            const drawn = [{
                label: line.label,
                data: line.values,
                borderColor: shade,
                borderWidth: 2,
                pointRadius: function (context) { return partial.has(context.dataIndex) ? 4 : few ? 2 : 0; },
                pointHoverRadius: 5,
                pointBorderColor: shade,
                pointBackgroundColor: function (context) {
                    return partial.has(context.dataIndex) ? colour("--rp-surface") : shade;
                },
                segment: { borderDash: function (part) { return partial.has(part.p1DataIndex) && part.p1DataIndex > 0 ? [2, 3] : undefined; } },
            }];
            if (line.before.length) {
                drawn.push({
                    label: line.label + ", period before",
                    data: line.before,
                    borderColor: shade,
                    borderDash: [6, 4],
                    borderWidth: 1.5,
                    pointRadius: 0,
                    pointHoverRadius: 3,
                    pointBackgroundColor: shade,
                });
            }
            return drawn;
        });
    }

    function options(data, unit) {
        const partial = new Set(data.partial);
        const written = numbers(data.language), unitSign = sign(unit, data.language);
        const text = colour("--rp-quiet"), line = colour("--rp-line");
        return {
            animation: false,
            responsive: true,
            maintainAspectRatio: false,
            interaction: { mode: "index", intersect: false },
            plugins: {
                legend: { display: false },
                tooltip: {
                    callbacks: {
                        title: function (items) {
                            const index = items[0].dataIndex;
                            return data.labels[index] + (partial.has(index) ? " (incomplete)" : "");
                        },
                        label: function (item) {
                            return item.dataset.label + ": " + (item.raw === null ? "N/A" : written.format(item.raw) + unitSign);
                        },
                    },
                },
            },
            scales: {
                x: {
                    ticks: { color: text, maxRotation: 0, autoSkip: true, autoSkipPadding: 16, callback: function (value) { return data.ticks[value]; } },
                    grid: { display: false },
                    border: { color: line },
                },
                y: {
                    type: data.scale === "linear" ? "linear" : data.scale,
                    beginAtZero: true,
                    min: 0,
                    suggestedMax: 1,
                    ticks: { color: text, maxTicksLimit: 7, precision: unit === "Percent" ? undefined : 0, callback: function (value) { return written.format(value) + unitSign; } },
                    grid: { color: line },
                    border: { display: false },
                },
            },
        };
    }

    function draw() {
        const holder = source.querySelector("[data-graphs]");
        if (!holder) {
            return;
        }
        const data = JSON.parse(holder.dataset.graphs);
        data.graphs.forEach(function (graph) {
            const figure = document.querySelector('.rp-graph[data-unit="' + graph.unit + '"]');
            const shown = charts.get(graph.unit);
            const content = { labels: data.labels, datasets: datasets(data, graph.lines) };
            if (shown) {
                shown.data = content;
                shown.options = options(data, graph.unit);
                shown.update("none");
            } else if (figure) {
                charts.set(graph.unit, new Chart(figure.querySelector("canvas"), {
                    type: "line", data: content, options: options(data, graph.unit),
                }));
            }
        });
        report.dataset.drawn = String(Number(report.dataset.drawn || 0) + 1);
    }

    // The same as hovering, with the arrow keys.
    function point(chart, index) {
        const active = chart.data.datasets.map(function (_, number) { return { datasetIndex: number, index: index }; });
        chart.setActiveElements(active);
        chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
        chart.update("none");
    }

    document.addEventListener("keydown", function (event) {
        const chart = event.target instanceof HTMLCanvasElement ? Chart.getChart(event.target) : undefined;
        if (!chart || !["ArrowLeft", "ArrowRight", "Escape"].includes(event.key)) {
            return;
        }
        event.preventDefault();
        const last = chart.data.labels.length - 1;
        const active = chart.getActiveElements()[0];
        if (event.key === "Escape") {
            chart.setActiveElements([]);
            chart.tooltip.setActiveElements([], { x: 0, y: 0 });
            chart.update("none");
        } else if (event.key === "ArrowLeft") {
            point(chart, active ? Math.max(0, active.index - 1) : last);
        } else {
            point(chart, active ? Math.min(last, active.index + 1) : 0);
        }
    });

    const picker = document.querySelector(".rp-picker");
    const description = document.getElementById("picker-description");
    const refusal = document.getElementById("picker-refusal");
    const most = picker ? Number(picker.dataset.most) : 0;

    picker?.addEventListener("change", function (event) {
        const refused = picker.querySelectorAll("input[name=metrics]:checked").length > most;
        if (refused) {
            event.target.checked = false;
        }
        refusal.textContent = refused ? "Up to " + most + " metrics can be shown. Remove one first." : "";
    });

    ["mouseover", "focusin"].forEach(function (kind) {
        picker?.addEventListener(kind, function (event) {
            const label = event.target.closest("label");
            if (label && label.title) {
                description.textContent = label.title;
            }
        });
    });

    document.body.addEventListener("htmx:oobAfterSwap", function (event) {
        if (event.detail.target === source) {
            draw();
        }
    });
    // The admin's switch between light and dark.
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });

    document.addEventListener("DOMContentLoaded", function () {
        Object.entries(SHAPES).forEach(function (entry) { shapedScale(entry[0], entry[1]); });
        draw();
    });
})();
